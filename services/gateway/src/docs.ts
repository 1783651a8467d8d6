import { join } from 'node:path';
import express, { Router } from 'express';
import swaggerFolder from 'swagger-ui-dist/absolute-path.js';
import { SECURITY_SCHEME } from './openapi.ts';
import { pageHeaders } from './security-headers.ts';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Mediaworks API</title>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** A token in the fragment never reaches a server; it is used, and taken out of the address bar. */
const START = `'use strict';
const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (token) history.replaceState(null, '', location.pathname + location.search);
const ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  onComplete: () => {
    if (token) ui.preauthorizeApiKey('${SECURITY_SCHEME}', token);
  },
});
`;

const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** The readable API document at `/docs`, and the document itself at `/openapi.json`. */
export function docsRouter(document: object): Router {
  const router = Router();
  const json = JSON.stringify(document);
  // Its main module runs the whole page in our process; only the files are wanted.
  const folder = swaggerFolder();
  router.get('/openapi.json', (_req, res) => {
    res.type('application/json').send(json);
  });
  router.use('/docs', pageHeaders);
  router.get('/docs', (_req, res) => {
    res.type('html').send(PAGE);
  });
  router.get('/docs/start.js', (_req, res) => {
    res.type('text/javascript').send(START);
  });
  for (const asset of ASSETS) {
    router.use(
      `/docs/${asset}`,
      express.static(join(folder, asset), { index: false, maxAge: '1h', redirect: false }),
    );
  }
  return router;
}

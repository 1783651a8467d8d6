import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';

type Headers = readonly (readonly [string, string])[];

/** Nothing that the API answers is a page: it may load nothing and be framed nowhere, and needs no more than that. */
const api = headersOf({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});

const pagePolicy = {
  defaultSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  styleSrc: ["'self'", "'unsafe-inline'"],
  fontSrc: ["'self'", 'data:'],
  objectSrc: ["'none'"],
  baseUri: ["'self'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Pages that we serve ourselves: scripts from here alone, none inline. */
const page = headersOf({ contentSecurityPolicy: { useDefaults: false, directives: pagePolicy } });

/**
 * What strangers uploaded: even a page or an SVG among it runs no script and is not of our origin. Other sites may
 * show it, which is what media is for.
 */
const content = headersOf({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      mediaSrc: ["'self'"],
      imgSrc: ["'self'"],
      styleSrc: ["'unsafe-inline'"],
      sandbox: [],
    },
  },
  crossOriginResourcePolicy: { policy: 'cross-origin' },
});

/** Helmet's answer is the same for every request, so it is asked once. */
function headersOf(options: HelmetOptions): Headers {
  const headers: [string, string][] = [];
  const recorder = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, recorder as unknown as ServerResponse, () => undefined);
  return headers;
}

function set(headers: Headers, res: ServerResponse): void {
  for (const [name, value] of headers) res.setHeader(name, value);
}

export function setApiHeaders(res: ServerResponse): void {
  set(api, res);
}

export const pageHeaders: RequestHandler = (_req, res, next) => {
  set(page, res);
  next();
};

export function setContentHeaders(res: ServerResponse): void {
  set(content, res);
}

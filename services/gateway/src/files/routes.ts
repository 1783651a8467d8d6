import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorFields } from '@mediaworks/runtime';
import { type ByteRange, type ObjectHead, verifySignedUrl } from '@mediaworks/storage';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { ApiError, plainErrorShape } from '../api-error.ts';
import { defineRoute, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { contextOf } from '../request-context.ts';
import { setContentHeaders } from '../security-headers.ts';
import { contentDisposition } from './content-disposition.ts';
import { ifRangeHolds, noneMatchHits, rangeOf } from './preconditions.ts';

/** Says that anybody may open an object. Each domain knows its own; any yes will do. */
export type PublicObject = (key: string) => Promise<boolean>;

/** How long a shared cache may show what was public a moment ago. */
const PUBLIC_MAX_AGE_S = 60;
/** What a browser might run; offered for saving even though it would run sandboxed. */
const ACTIVE = /^(text\/html|text\/xml|application\/(xhtml\+)?xml|image\/svg\+xml|.*javascript)\b/i;

interface Permission {
  maxAgeSeconds: number;
  scope: 'public' | 'private';
  /** Offered as a download under this name. */
  filename: string | undefined;
}

const noSuchFile = () => new ApiError(404, 'not_found', 'There is no such file');

/** Objects by signed address, and public ones by any. */
export function fileRoutes(deps: GatewayDeps, publicObjects: readonly PublicObject[]): RouteSet {
  const { store, log } = deps;

  const permit = async (req: Request, key: string): Promise<Permission> => {
    const signed = signedPermission(req, key, deps.env.URL_SIGNING_SECRET);
    if (signed) return signed;
    for (const isPublic of publicObjects) {
      if (await isPublic(key))
        return { maxAgeSeconds: PUBLIC_MAX_AGE_S, scope: 'public', filename: undefined };
    }
    throw noSuchFile();
  };

  const open = defineRoute({
    method: 'get',
    path: '/files/*key',
    summary: 'A file, by a signed address or because it is public',
    access: 'public',
    unlimited: true,
    // A file may have any name; express hands its segments on one by one.
    params: z.object({
      key: z.preprocess((parts) => (Array.isArray(parts) ? parts.join('/') : parts), z.string().min(1)),
    }),
    responses: {
      200: { description: 'The file', contentType: 'application/octet-stream', schema: z.string() },
      206: {
        description: 'The range asked for',
        contentType: 'application/octet-stream',
        schema: z.string(),
      },
      304: { description: 'The client has it' },
    },
    errors: [403, 404, 416],
    handler: async ({ req, res, params: { key } }) => {
      const permission = await permit(req, key);
      const head = await store.head(key);
      if (!head) throw noSuchFile();
      const etag = `"${head.sha256}"`;
      describe(res, head, etag, permission);
      if (noneMatchHits(req.headers['if-none-match'], etag)) {
        res.writeHead(304).end();
        return undefined;
      }
      const range = ifRangeHolds(req.get('if-range'), etag, head.modifiedAt)
        ? rangeOf(req.headers.range, head.size)
        : undefined;
      if (range === 'unsatisfiable') {
        throw new ApiError(416, 'invalid_range', 'The file has no such range', {
          headers: { 'content-range': `bytes */${head.size}` },
        });
      }
      await send(req, res, head, range);
      return undefined;
    },
  });

  const send = async (
    req: Request,
    res: Response,
    head: ObjectHead,
    range: ByteRange | undefined,
  ): Promise<void> => {
    const length = range ? range.end - range.start + 1 : head.size;
    const headers = {
      'Content-Type': head.contentType,
      'Content-Length': length,
      ...(range ? { 'Content-Range': `bytes ${range.start}-${range.end}/${head.size}` } : {}),
    };
    const status = range ? 206 : 200;
    if (req.method === 'HEAD') {
      res.writeHead(status, headers).end();
      return;
    }
    // The store stops reading when the client is gone.
    const leaving = new AbortController();
    res.once('close', () => leaving.abort());
    const body: Readable = await store.get(head.key, { ...(range ? { range } : {}), signal: leaving.signal });
    res.writeHead(status, headers);
    try {
      await pipeline(body, res);
    } catch (error) {
      // The client going away breaks the pipe too, and is nobody's error.
      const ours = body.errored !== null && body.errored.name !== 'AbortError';
      if (ours)
        log.warn('a file broke off', { ...contextOf(req).logFields, key: head.key, ...errorFields(error) });
    }
  };

  return { domain: 'files', prefixes: ['/files'], errorShape: plainErrorShape, routes: [open] };
}

/** What a signed address allows; undefined for one without a signature. @throws ApiError 403 */
function signedPermission(req: Request, key: string, secret: string): Permission | undefined {
  const { expires, filename, signature } = req.query;
  if (signature === undefined && expires === undefined) return undefined;
  if (!verifySignedUrl(key, { expires, filename, signature }, secret)) {
    const over = Number(expires) * 1_000 <= Date.now();
    throw over
      ? new ApiError(403, 'link_expired', 'The address has expired')
      : new ApiError(403, 'invalid_signature', 'The address was not signed by us');
  }
  return {
    maxAgeSeconds: Math.max(0, Math.floor(Number(expires) - Date.now() / 1_000)),
    scope: 'private',
    filename: typeof filename === 'string' && filename !== '' ? filename : undefined,
  };
}

function describe(res: Response, head: ObjectHead, etag: string, permission: Permission): void {
  setContentHeaders(res);
  res.setHeader('ETag', etag);
  res.setHeader('Last-Modified', head.modifiedAt.toUTCString());
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('Cache-Control', `${permission.scope}, max-age=${permission.maxAgeSeconds}`);
  const name = permission.filename ?? head.key.split('/').at(-1) ?? 'file';
  const kind = permission.filename !== undefined || ACTIVE.test(head.contentType) ? 'attachment' : 'inline';
  res.setHeader('Content-Disposition', contentDisposition(kind, name));
}

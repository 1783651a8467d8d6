import cors from 'cors';
import type { RequestHandler } from 'express';

const EXPOSED = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Tus-Resumable',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
  'X-Request-Id',
];

/** Lets pages of these origins call; `*` any, without credentials of the browser. None: same origin alone. */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  const any = origins.includes('*');
  const allow = cors({
    origin: any ? '*' : [...origins],
    credentials: !any,
    exposedHeaders: EXPOSED,
    maxAge: 600,
  });
  return (req, res, next) => {
    if (origins.length === 0) next();
    else if (req.headers.origin !== undefined) allow(req, res, next);
    else {
      // A cache must not hand this answer to a page of another origin.
      if (!any) res.setHeader('Vary', 'Origin');
      next();
    }
  };
}

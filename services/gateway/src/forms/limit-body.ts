import type { Request, Response } from 'express';
import { ApiError } from '../api-error.ts';

/** How long a refused body is still read, so that the client gets to the answer instead of a broken connection. */
const DRAIN_MS = 60_000;

/** Ends a request whose body is still coming long after it was answered. */
export function endLate(req: Request): void {
  let drain: NodeJS.Timeout | undefined;
  req.res?.once('finish', () => {
    if (!req.readableEnded) drain = setTimeout(() => req.destroy(), DRAIN_MS).unref();
  });
  req.once('close', () => clearTimeout(drain));
}

/**
 * Ends a request whose body goes on past every limit too. From here on the body flows: whoever reads it must begin in
 * the same turn.
 * @throws ApiError 413 for one that says so beforehand
 */
export function limitBody(req: Request, mostBytes: number): void {
  endLate(req);
  let bytes = 0;
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBytes) req.destroy();
  });
  if (Number(req.headers['content-length'] ?? 0) > mostBytes) {
    req.resume();
    throw new ApiError(413, 'too_large', 'File size exceeds maximum allowed size');
  }
}

/** Keeps a connection open on which nothing is said while a large file is put in its place. */
export function waitForStore(res: Response): void {
  res.setTimeout(0);
}

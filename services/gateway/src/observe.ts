import { Histogram, type Logger, type Registry } from '@mediaworks/runtime';
import type { Request, Response } from 'express';
import type { RequestContext } from './request-context.ts';

/** A client that went away before the answer was whole; the number is nginx's. */
const CLIENT_GONE = 499;
const FLUSH_MS = 200;
const FLUSH_BYTES = 64 * 1024;

/** Times every request by its route's template, and writes one line about it. */
export function createObserver(options: {
  metrics: Registry;
  accessLog: AccessLog | undefined;
}): (req: Request, res: Response, context: RequestContext) => void {
  const { accessLog } = options;
  const seconds = new Histogram({
    name: 'mediaworks_http_request_seconds',
    help: 'How long requests took, by route template and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [options.metrics],
  });
  // Resolving labels costs more than observing; there are only as many as routes times statuses.
  const resolved = new Map<string, ReturnType<typeof seconds.labels>>();
  const timerFor = (method: string, route: string, status: number) => {
    const key = `${method} ${route} ${status}`;
    const known = resolved.get(key);
    if (known) return known;
    const fresh = seconds.labels(method, route, String(status));
    resolved.set(key, fresh);
    return fresh;
  };
  return (req, res, context) => {
    res.on('close', () => {
      const status = res.writableFinished ? res.statusCode : CLIENT_GONE;
      const ms = performance.now() - context.startedAt;
      timerFor(knownMethod(req.method), context.route ?? 'none', status).observe(ms / 1_000);
      accessLog?.write(req, context, status, ms);
    });
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** A method of the client's own making must not become a label. */
function knownMethod(method: string): string {
  return METHODS.has(method) ? method : 'other';
}

export interface AccessLog {
  write(req: Request, context: RequestContext, status: number, ms: number): void;
  /** Writes what is held back. */
  flush(): void;
}

/**
 * A line a request in the shape of the log's own, gathered and written a few times a second: a write each would be one
 * of the dearer things that a small request does. The address is written without its query, which may hold a signature.
 */
export function createAccessLog(service: string, out: (lines: string) => void): AccessLog {
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held === '') return;
    out(held);
    held = '';
  };
  return {
    flush,
    write: (req, { id, traceId, principal }, status, ms) => {
      // By hand: of these only the path can hold what JSON must escape.
      held +=
        `{"timestamp":"${timestamp()}","level":"info","message":"request","service":"${service}",` +
        `"request_id":"${id}","trace_id":"${traceId}","method":"${knownMethod(req.method)}",` +
        `"path":${quoted(pathOf(req.originalUrl))},"status":${status},"ms":${Math.round(ms * 10) / 10},` +
        `"user":${principal?.userId ?? null},"ip":"${req.ip ?? ''}"}\n`;
      if (held.length >= FLUSH_BYTES) flush();
      else timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
  };
}

/** `toISOString` is dear, and many requests end in one millisecond. */
const clock = { ms: 0, text: '' };
function timestamp(): string {
  const ms = Date.now();
  if (ms !== clock.ms) Object.assign(clock, { ms, text: new Date(ms).toISOString() });
  return clock.text;
}

const PLAIN = /^[\w/.:%-]*$/;
function quoted(path: string): string {
  return PLAIN.test(path) ? `"${path}"` : JSON.stringify(path);
}

/** The same through the log itself, for eyes. */
export function readableAccessLog(log: Logger): AccessLog {
  return {
    flush: () => undefined,
    write: (req, { id }, status, ms) =>
      log.info(`${req.method} ${pathOf(req.originalUrl)} ${status}`, { ms: Math.round(ms), request_id: id }),
  };
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

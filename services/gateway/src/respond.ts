import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { errorFields, type Logger } from '@mediaworks/runtime';
import { ApiError, errorBody, type ErrorShape, plainErrorShape, toApiError } from './api-error.ts';

/**
 * Writes an answer whole. Express's own `res.json` does the same with an ETag and content negotiation that no client
 * of ours asks for, at several times the cost.
 */
export function sendJson(
  res: Response,
  status: number,
  body: unknown,
  contentType = 'application/json',
): void {
  if (body === undefined) {
    res.writeHead(status).end();
    return;
  }
  const text = JSON.stringify(body);
  res
    .writeHead(status, {
      'Content-Type': `${contentType}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    })
    .end(text);
}

/** Which shape the errors below a path have. */
export type ShapeOf = (path: string) => ErrorShape;

export function errorShapes(
  sets: readonly { prefixes: readonly string[]; errorShape: ErrorShape }[],
): ShapeOf {
  const shapes = sets.flatMap(({ prefixes, errorShape }) =>
    prefixes.map((prefix) => ({ prefix, errorShape })),
  );
  return (path) => shapes.find(({ prefix }) => path.startsWith(prefix))?.errorShape ?? plainErrorShape;
}

function sendError(res: Response, error: ApiError, requestId: string, shape: ErrorShape): void {
  for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
  sendJson(res, error.status, errorBody(error, requestId, shape), 'application/problem+json');
}

export const notFound: RequestHandler = () => {
  throw new ApiError(404, 'not_found', 'There is nothing at this address');
};

/** The last resort: every error ends here, is logged when it is ours, and answered without a word too many. */
export function lastResort(log: Logger, shapeOf: ShapeOf): ErrorRequestHandler {
  return (thrown: unknown, req, res, _next) => {
    const error = toApiError(thrown);
    // A client that went away in the middle is nobody's error.
    const gone = req.socket.destroyed;
    if (error.status >= 500 && !gone) {
      const say = error.status === 503 ? log.warn : log.error;
      const { method, path } = req;
      say('request failed', {
        ...req.mediaworks?.logFields,
        method,
        path,
        ...errorFields(error.cause ?? thrown),
      });
    }
    if (res.headersSent || gone) {
      res.destroy();
      return;
    }
    sendError(res, error, req.mediaworks?.id ?? '', shapeOf(req.path));
  };
}

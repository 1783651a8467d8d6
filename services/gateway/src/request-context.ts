import { randomUUID } from 'node:crypto';
import { continueTrace, traceIdOf, withLogFields } from '@mediaworks/runtime';
import type { Request, RequestHandler } from 'express';
import { ApiError } from './api-error.ts';

export type Role = 'user' | 'admin' | 'super_admin';

/** Who asks. */
export interface Principal {
  /** `users.id`. */
  readonly userId: number;
  readonly uid: string;
  readonly username: string;
  readonly role: Role;
}

/** What is known of a request beside what it says. */
export interface RequestContext {
  readonly id: string;
  /** W3C trace context: the caller's, or a new one. */
  readonly traceparent: string;
  /** `performance.now()` when it came. */
  readonly startedAt: number;
  /** The route's template, for metrics; undefined until one matches. */
  route: string | undefined;
  principal: Principal | undefined;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the way express's types are extended
  namespace Express {
    interface Request {
      mediaworks?: RequestContext;
    }
  }
}

const SANE_ID = /^[A-Za-z0-9._-]{1,100}$/;

/** Gives each request its id and trace, which go into every log line, every job and the answer. */
export const requestContext: RequestHandler = (req, res, next) => {
  const given = req.headers['x-request-id'];
  const id = typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID();
  const trace = req.headers['traceparent'];
  const traceparent = continueTrace(typeof trace === 'string' ? trace : undefined);
  req.mediaworks = { id, traceparent, startedAt: performance.now(), route: undefined, principal: undefined };
  res.setHeader('X-Request-Id', id);
  withLogFields({ request_id: id, trace_id: traceIdOf(traceparent) }, next);
};

/** @throws Error outside of a request that went through {@link requestContext} */
export function contextOf(req: Request): RequestContext {
  if (!req.mediaworks) throw new Error('the request has no context');
  return req.mediaworks;
}

/** Who asks, on a route that asks for a caller. @throws ApiError 401 */
export function principalOf(req: Request): Principal {
  const principal = contextOf(req).principal;
  if (!principal) throw new ApiError(401, 'unauthorized', 'Authentication is required');
  return principal;
}

export function isAdmin(principal: Principal): boolean {
  return principal.role !== 'user';
}

/** Whose things the caller may see: its own, or all (undefined). Part of every query. */
export function viewerOf(req: Request): number | undefined {
  const principal = principalOf(req);
  return isAdmin(principal) ? undefined : principal.userId;
}

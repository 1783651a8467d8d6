import { randomUUID } from 'node:crypto';
import { continueTrace, traceIdOf, withLogFields } from '@mediaworks/runtime';
import type { Request, Response } from 'express';
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
  readonly traceId: string;
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
export function beginRequest(req: Request, res: Response): RequestContext {
  const fresh = randomUUID();
  const given = req.headers['x-request-id'];
  const id = typeof given === 'string' && SANE_ID.test(given) ? given : fresh;
  const context = { ...traceOf(req.headers['traceparent'], fresh), id, startedAt: performance.now() };
  res.setHeader('X-Request-Id', id);
  return (req.mediaworks = { ...context, route: undefined, principal: undefined });
}

/** What a request logs, however deep, carries its ids. */
export function withinRequest(context: RequestContext, work: () => void): void {
  withLogFields({ request_id: context.id, trace_id: context.traceId }, work);
}

/** The caller's trace, or one whose ids are those of a fresh UUID: random enough, and at hand. */
function traceOf(
  header: string | string[] | undefined,
  uuid: string,
): { traceparent: string; traceId: string } {
  if (typeof header === 'string') {
    const traceparent = continueTrace(header);
    return { traceparent, traceId: traceIdOf(traceparent) ?? '' };
  }
  const traceId = uuid.replaceAll('-', '');
  return { traceparent: `00-${traceId}-${traceId.slice(16)}-01`, traceId };
}

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

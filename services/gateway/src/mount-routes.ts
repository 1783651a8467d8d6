import { asError } from '@mediaworks/runtime';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { ApiError } from './api-error.ts';
import type { Access, Route, RouteSet } from './define-route.ts';
import { contextOf, type Principal, type Role } from './request-context.ts';
import { sendJson } from './respond.ts';

/** What stands before every route. */
export interface Gate {
  /** @throws ApiError 401, 400 for a token in the query */
  authenticate(req: Request): Principal | Promise<Principal>;
  /** Who a caller without a token is, in a domain that asks for none. */
  anonymous(): Promise<Principal>;
  /** Counts the request against its caller or address. @throws ApiError 429 */
  limit(req: Request, res: Response): Promise<void> | undefined;
  openDomains: ReadonlySet<string>;
}

const MAX_BODY_BYTES = 64 * 1024;
const RANK: Record<Role, number> = { user: 0, admin: 1, super_admin: 2 };

/** Serves a domain's routes. A path that is known answers 405 to the methods that it has not. */
export function mountRoutes(app: Express, set: RouteSet, gate: Gate): void {
  const open = gate.openDomains.has(set.domain);
  const byPath = new Map<string, Route[]>();
  for (const route of set.routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
  for (const [path, routes] of byPath) {
    const mounted = app.route(path);
    for (const route of routes) mounted[route.method](serve(route, gate, open));
    mounted.all(otherMethods(routes));
  }
}

function serve(route: Route, gate: Gate, open: boolean): RequestHandler {
  const identify = route.access === 'public' ? undefined : identifier(route, gate, open);
  const parseBody = route.body ? jsonParser(route.maxBodyBytes ?? MAX_BODY_BYTES) : undefined;
  return async (req, res) => {
    const context = contextOf(req);
    context.route = route.path;
    let refused: unknown;
    if (identify) {
      try {
        const found = identify(req);
        // Who has been here before is known without waiting, and a wait is not free.
        context.principal = found instanceof Promise ? await found : found;
      } catch (error) {
        refused = error;
      }
    }
    // Before anything is refused, so that failures count too.
    const counting = route.unlimited === true ? undefined : gate.limit(req, res);
    if (counting) await counting;
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- handed on as it came
    if (refused !== undefined) throw refused;
    if (!open) demand(route.access, context.principal);
    if (parseBody) await parseBody(req, res);
    const answer = await route.run(req, res);
    if (!answer) return;
    for (const name in answer.headers) res.setHeader(name, answer.headers[name] ?? '');
    sendJson(res, answer.status, answer.body);
  };
}

type Identify = (req: Request) => Principal | Promise<Principal> | undefined;

function identifier({ admits }: Route, gate: Gate, open: boolean): Identify {
  return (req) => {
    if (admits?.(req) === true) return undefined;
    return open && req.headers.authorization === undefined ? gate.anonymous() : gate.authenticate(req);
  };
}

function demand(access: Access, principal: Principal | undefined): void {
  if (access === 'public' || principal === undefined) return;
  if (RANK[principal.role] < RANK[access]) {
    throw new ApiError(403, 'forbidden', 'This is for administrators alone');
  }
}

function jsonParser(limit: number): (req: Request, res: Response) => Promise<void> {
  // A client that does not say what it sends is taken to send JSON.
  const parser = express.json({ limit, type: () => true });
  return async (req, res) => {
    if (req.headers['content-length'] === '0') return;
    if (req.headers['content-type'] !== undefined && req.is('json') === false) {
      throw new ApiError(
        415,
        'unsupported_media_type',
        'The body must be JSON (Content-Type: application/json)',
      );
    }
    await new Promise<void>((resolve, reject) => {
      parser(req, res, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(asError(error));
      });
    });
  };
}

function otherMethods(routes: readonly Route[]): RequestHandler {
  const methods = routes.map((route) => route.method.toUpperCase());
  const allow = [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].join(
    ', ',
  );
  return (req, res) => {
    res.setHeader('Allow', allow);
    if (req.method !== 'OPTIONS') throw new ApiError(405, 'method_not_allowed', `Only ${allow} work here`);
    res.writeHead(204).end();
  };
}

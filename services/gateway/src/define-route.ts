import type { Request, Response } from 'express';
import type { z } from 'zod';
import { ApiError, type ErrorShape } from './api-error.ts';
import type { Role } from './request-context.ts';

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options';

/** Who may call: anybody, anybody known, or those of a role. */
export type Access = 'public' | Role;

/** What a handler answers: JSON, unless it has no body. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly req: Request;
  readonly res: Response;
}

export interface DocumentedResponse {
  description: string;
  schema?: z.ZodType;
  /** Default `application/json`. */
  contentType?: string;
}

interface RouteShape {
  method: Method;
  /** Express's form, without a slash at the end: `/api/jobs/:id`. With and without one both work. */
  path: string;
  summary: string;
  access: Access;
  /** Lets a request in by other means than a token: a signed address. */
  admits?: (req: Request) => boolean;
  /** Not counted against the caller's rate. */
  unlimited?: boolean;
  /** A body that the handler reads by itself, for the document alone. */
  rawBody?: { contentType: string; schema: z.ZodType };
  /** Largest JSON body, in bytes. Default 64 KB. */
  maxBodyBytes?: number;
  /** Every success, by status. Errors are the same for all and added to the document by themselves. */
  responses: Readonly<Record<number, DocumentedResponse>>;
  /** Statuses of the errors that the route may answer beside 400, 401, 403, 429, 500 and 503. */
  errors?: readonly number[];
  /** Takes an Idempotency-Key. */
  idempotent?: boolean;
}

export interface RouteSpec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> extends RouteShape {
  params?: P;
  query?: Q;
  body?: B;
  /** Answers, or writes to `res` by itself and resolves with undefined when it is done. */
  handler: (call: Call<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Answer | undefined>;
}

/** A route whose types are checked: what mounts it and what documents it need not know them. */
export interface Route extends RouteShape {
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Parses params, query and body, and runs the handler. @throws ZodError */
  readonly run: (req: Request, res: Response) => Promise<Answer | undefined>;
}

/** Declares a route once: what is parsed, what is served and what the document says are the same schemas. */
export function defineRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  spec: RouteSpec<P, Q, B>,
): Route {
  const { handler, ...shape } = spec;
  const { params, query, body } = spec;
  return {
    ...shape,
    run: (req, res) =>
      handler({
        // Without a schema nothing is handed on, so the undefined is never seen as anything else.
        params: parseParams(params, req) as z.output<P>,
        query: query?.parse(req.query) as z.output<Q>,
        body: body?.parse(req.body ?? {}) as z.output<B>,
        req,
        res,
      }),
  };
}

/** An id that can not be one is an id that does not exist. */
function parseParams(schema: z.ZodType | undefined, req: Request): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(req.params);
  if (!parsed.success) throw new ApiError(404, 'not_found', 'There is nothing at this address');
  return parsed.data;
}

/** A domain's routes, and what they have in common. */
export interface RouteSet {
  /** As in OPEN_ROUTES, and the tag in the document. */
  domain: string;
  /** Every path of the set starts with one of these; errors below them, 404 and 405 too, have the set's shape. */
  prefixes: readonly string[];
  errorShape: ErrorShape;
  routes: readonly Route[];
}

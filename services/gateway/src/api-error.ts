import { STATUS_CODES } from 'node:http';
import { PermanentError } from '@mediaworks/contracts';
import { asError } from '@mediaworks/runtime';
import { StorageError } from '@mediaworks/storage';
import { ZodError } from 'zod';

export interface ApiErrorOptions extends ErrorOptions {
  headers?: Readonly<Record<string, string>>;
  /** Fields that the answer carries beside the problem's own. */
  fields?: Readonly<Record<string, unknown>>;
}

/** An answer that is not a success. The message is for the client: no stack, path or secret in it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly headers: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    options: ApiErrorOptions = {},
  ) {
    super(message, options);
    this.headers = options.headers ?? {};
    this.fields = options.fields ?? {};
  }
}

/** RFC 9457, with our code and the request's id. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  request_id: string;
}

function problem(error: ApiError, requestId: string): Problem {
  return {
    type: `urn:mediaworks:problem:${error.code}`,
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    code: error.code,
    detail: error.message,
    request_id: requestId,
  };
}

/** How a domain words an error for its old clients; the problem's fields stand beside what it answers. */
export type ErrorShape = (message: string) => Readonly<Record<string, unknown>>;

/** Django REST's `detail` is the problem's own; its hand-written views say `error`. Jobs do the same. */
export const plainErrorShape: ErrorShape = (message) => ({ error: message });

/** The whole body of an answer that is not a success. */
export function errorBody(error: ApiError, requestId: string, shape: ErrorShape): Record<string, unknown> {
  return { ...problem(error, requestId), ...error.fields, ...shape(error.message) };
}

/** Seconds after which a client may try again when a dependency is down. */
const RETRY_AFTER_S = 5;

export function unavailable(what: string, cause?: unknown): ApiError {
  return new ApiError(503, `${what}_unavailable`, `The ${what} is not available; try again in a moment`, {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
    cause,
  });
}

export function unauthorized(code: string, message: string, scheme = 'Bearer'): ApiError {
  return new ApiError(401, code, message, {
    headers: { 'www-authenticate': `${scheme} realm="mediaworks"` },
  });
}

/** Turns whatever was thrown into an answer. What is not known becomes a 500 that tells nothing. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ZodError) return fromZod(error);
  if (error instanceof StorageError) return fromStorage(error);
  if (error instanceof PermanentError) {
    return new ApiError(error.code === 'payload_too_large' ? 413 : 422, error.code, error.message, {
      cause: error,
    });
  }
  if (isDatabaseAway(error)) return unavailable('database', error);
  return (
    fromHttp(error) ?? new ApiError(500, 'internal', 'Something went wrong on our side', { cause: error })
  );
}

const MAX_ISSUES = 10;

function fromZod(error: ZodError): ApiError {
  const issues = error.issues.slice(0, MAX_ISSUES).map((issue) => ({
    field: issue.path.map(String).join('.'),
    message: issue.message,
  }));
  const told = issues
    .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
    .join('; ');
  return new ApiError(400, 'invalid_request', told, { fields: { issues }, cause: error });
}

function fromStorage(error: StorageError): ApiError {
  const told = (status: number, message: string) =>
    new ApiError(status, error.code, message, { cause: error });
  switch (error.code) {
    case 'not_found':
    case 'invalid_key':
      return new ApiError(404, 'not_found', 'There is no such file', { cause: error });
    case 'invalid_range':
      return told(416, 'The file has no such range');
    case 'too_large':
      return told(413, 'The file is too large');
    case 'checksum_mismatch':
      return told(422, 'The file is not what its checksum says');
    case 'no_space':
    case 'unavailable':
      return unavailable('storage', error);
  }
}

/** What body-parser and the router throw: a 4xx status with a message that may quote the input. */
function fromHttp(thrown: unknown): ApiError | undefined {
  const error = asError(thrown);
  if (!('status' in error) || typeof error.status !== 'number') return undefined;
  const { status } = error;
  if (status < 400 || status > 499) return undefined;
  const type = 'type' in error ? error.type : undefined;
  if (type === 'entity.parse.failed')
    return new ApiError(400, 'malformed_json', 'The body is not valid JSON');
  if (status === 413) return new ApiError(413, 'too_large', 'The body is too large');
  if (status === 415)
    return new ApiError(415, 'unsupported_encoding', 'The body is in an encoding that is not supported');
  return new ApiError(status, 'malformed_request', 'The request is malformed', { cause: error });
}

/** Class 08 and shutdown codes of Postgres, codes of the socket, and pg's own errors, which have no code. */
const AWAY_CODE = /^(08...|57P0[123]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
const AWAY_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/;

export function isDatabaseAway(thrown: unknown): boolean {
  const error = asError(thrown);
  // A host with several addresses fails with one error for each.
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.some(isDatabaseAway);
  if ('code' in error && typeof error.code === 'string' && AWAY_CODE.test(error.code)) return true;
  return AWAY_MESSAGE.test(error.message);
}

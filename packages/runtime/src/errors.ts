import { types } from 'node:util';

/** The `code` of a system or library error (`ENOSPC`, `ESRCH`, `08006`), whatever realm it comes from. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The thrown value when it is an error, otherwise an error that tells it. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return types.isNativeError(thrown) ? thrown : new Error(String(thrown));
}

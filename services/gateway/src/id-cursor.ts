import { z } from 'zod';
import { ApiError } from './api-error.ts';

/** What a client goes on from after a page: the last id of it, short and without a meaning of its own. */
export function idToCursor(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

/** @throws ApiError 400 */
export function cursorToId(cursor: string): string {
  const hex = Buffer.from(cursor, 'base64url').toString('hex');
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (!z.uuid().safeParse(id).success)
    throw new ApiError(400, 'invalid_cursor', 'The cursor is not one of ours');
  return id;
}

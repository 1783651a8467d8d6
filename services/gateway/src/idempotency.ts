import { createHash } from 'node:crypto';
import type { Executor } from '@mediaworks/jobs';
import type { Request } from 'express';
import { sql } from 'kysely';
import { ApiError } from './api-error.ts';

/** What makes two requests the same one, whatever boundary or order of fields they were sent with. */
export interface RequestEssence {
  method: string;
  path: string;
  /** Parsed fields or body. */
  fields: unknown;
  /** Hex SHA-256 of each file, in order. */
  files: readonly string[];
}

/** Hex SHA-256 of the essence; the order of an object's fields does not count. */
export function fingerprintOf(essence: RequestEssence): string {
  const path = essence.path.replace(/\/+$/, '');
  return createHash('sha256')
    .update(canonical({ ...essence, path }))
    .digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The Idempotency-Key of a request, without the quotes that the draft standard asks for. @throws ApiError 400 */
export function idempotencyKeyOf(req: Request): string | undefined {
  const header = req.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = typeof header === 'string' ? header.replace(/^"(.*)"$/, '$1') : '';
  if (!KEY.test(key)) {
    throw new ApiError(
      400,
      'invalid_idempotency_key',
      'An Idempotency-Key is 1 to 255 visible ASCII characters',
    );
  }
  return key;
}

export interface KeyClaim {
  ownerId: number;
  key: string;
  fingerprint: string;
  /** What this request would make: enough to present the same answer again. */
  resourceId: string;
}

/**
 * Takes the key in the transaction that makes the resource. A request with the same key that is under way is waited
 * for, so of any number at once one makes the resource and the others find it.
 *
 * @returns undefined when the key is now this request's, otherwise what the first request made; then make nothing
 * @throws ApiError 409 when the key stands for another request
 */
export async function claimKey(tx: Executor, claim: KeyClaim): Promise<string | undefined> {
  const { rows: taken } = await sql<{ key: string }>`
    insert into idempotency_keys (owner_id, key, fingerprint, resource_id)
    values (${claim.ownerId}, ${claim.key}, ${claim.fingerprint}, ${claim.resourceId})
    on conflict (owner_id, key) do nothing returning key`.execute(tx);
  if (taken.length === 1) return undefined;
  const { rows } = await sql<{ fingerprint: string; resource_id: string }>`
    select fingerprint, resource_id from idempotency_keys
    where owner_id = ${claim.ownerId} and key = ${claim.key}`.execute(tx);
  const first = rows[0];
  if (!first || first.fingerprint !== claim.fingerprint) {
    throw new ApiError(409, 'idempotency_key_reused', 'This Idempotency-Key was used for another request');
  }
  return first.resource_id;
}

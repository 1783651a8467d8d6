import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignedUrlOptions } from './object-store.ts';

const MAX_LIFETIME_S = 604_800;

/** `/files/<key>?expires=…&signature=…`, which opens the object until then. */
export function signPath(key: string, options: SignedUrlOptions, signingKey: string, now = Date.now()): string {
  const { expiresInSeconds, filename = '' } = options;
  if (!(expiresInSeconds >= 1 && expiresInSeconds <= MAX_LIFETIME_S)) {
    throw new RangeError(`expiresInSeconds must be 1 to ${MAX_LIFETIME_S}`);
  }
  const expires = Math.floor(now / 1_000) + Math.round(expiresInSeconds);
  const query = new URLSearchParams({
    expires: String(expires),
    ...(filename === '' ? {} : { filename }),
    signature: sign(key, expires, filename, signingKey).toString('base64url'),
  });
  return `/files/${key.split('/').map(encodeURIComponent).join('/')}?${query.toString()}`;
}

/** Whether the address was signed by us and is not over. In constant time. */
export function verifySignedUrl(
  key: string,
  query: { expires?: unknown; signature?: unknown; filename?: unknown },
  signingKey: string,
  now = Date.now(),
): boolean {
  const { expires, signature, filename = '' } = query;
  if (typeof expires !== 'string' || typeof signature !== 'string' || typeof filename !== 'string') return false;
  if (!/^\d{1,12}$/.test(expires) || Number(expires) * 1_000 <= now) return false;
  const given = Buffer.from(signature, 'base64url');
  const right = sign(key, Number(expires), filename, signingKey);
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Keys hold no control characters, so the line break separates without doubt. */
function sign(key: string, expires: number, filename: string, signingKey: string): Buffer {
  return createHmac('sha256', signingKey).update(`${key}\n${expires}\n${filename}`).digest();
}

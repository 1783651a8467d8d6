import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignedUrlOptions } from './object-store.ts';

const MAX_LIFETIME_S = 604_800;

/**
 * Whole seconds that an address opens for.
 * @throws RangeError when they are not 1 to 604,800, which is the most that S3 allows
 */
export function checkLifetime({ expiresInSeconds }: SignedUrlOptions): number {
  if (!(expiresInSeconds >= 1 && expiresInSeconds <= MAX_LIFETIME_S)) {
    throw new RangeError(`expiresInSeconds must be 1 to ${MAX_LIFETIME_S}`);
  }
  return Math.floor(expiresInSeconds);
}

/**
 * `/files/<key>?expires=<Unix seconds>&filename=…&signature=<base64url HMAC-SHA256>`, which opens the object until then.
 * @param now Unix ms
 */
export function signPath(
  key: string,
  options: SignedUrlOptions,
  signingKey: string,
  now = Date.now(),
): string {
  // As the query will have it, where half of a surrogate pair can not be.
  const filename = Buffer.from(options.filename ?? '').toString();
  const expires = Math.floor(now / 1_000) + checkLifetime(options);
  const query = new URLSearchParams({
    expires: String(expires),
    ...(filename === '' ? {} : { filename }),
    signature: sign(key, String(expires), filename, signingKey),
  });
  return `/files/${key.split('/').map(encodeURIComponent).join('/')}?${query.toString()}`;
}

/**
 * Whether the address was signed by us and is not over. Takes as long for a wrong signature as for a right one.
 * @param key decoded, as is the query
 * @param now Unix ms
 */
export function verifySignedUrl(
  key: string,
  query: { expires?: unknown; signature?: unknown; filename?: unknown },
  signingKey: string,
  now = Date.now(),
): boolean {
  const { expires, signature, filename = '' } = query;
  if (typeof expires !== 'string' || typeof signature !== 'string' || typeof filename !== 'string')
    return false;
  if (!/^[1-9]\d{0,11}$/.test(expires)) return false;
  const given = Buffer.from(signature);
  const right = Buffer.from(sign(key, expires, filename, signingKey));
  return given.length === right.length && timingSafeEqual(given, right) && Number(expires) * 1_000 > now;
}

/**
 * Keys hold no control characters, so the line breaks separate without doubt. The first line keeps this from being
 * the signature of anything else that the same secret may sign.
 */
function sign(key: string, expires: string, filename: string, signingKey: string): string {
  return createHmac('sha256', signingKey).update(`file\n${key}\n${expires}\n${filename}`).digest('base64url');
}

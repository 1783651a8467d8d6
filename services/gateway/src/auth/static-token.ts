import { createHash, timingSafeEqual } from 'node:crypto';
import type { Role } from '../request-context.ts';
import { bareIdentity, type TokenVerifier } from './identity.ts';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** The one token of the configuration. Digests are compared, so the time tells neither its length nor its bytes. */
export function staticTokenVerifier(token: string, role: Role): TokenVerifier {
  const expected = digest(token);
  return (given) =>
    Promise.resolve(
      timingSafeEqual(digest(given), expected)
        ? bareIdentity('static-token', 'operator', role, 'static')
        : undefined,
    );
}

import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { ApiError, unauthorized } from '../api-error.ts';
import type { Identity, TokenVerifier } from './identity.ts';

export interface OwnTokenOptions {
  /** The first signs, all verify. */
  keys: readonly { kid: string; secret: string }[];
  issuer: string;
  audience: string;
}

const claimsSchema = z.object({
  user_id: z.string().min(1).max(200),
  email: z.string().max(320).nullish(),
  name: z.string().max(200).nullish(),
  picture: z.string().max(2_000).nullish(),
  email_verified: z.boolean().default(false),
  /** What it was when the token was made, for the client to show; what it is now the directory of admins says. */
  is_admin: z.boolean().default(false),
  token_type: z.literal('custom_backend'),
});
export type OwnTokenClaims = z.input<typeof claimsSchema>;

const CLOCK_TOLERANCE_S = 5;
const encoder = new TextEncoder();

/** Our HS256 tokens. The algorithm is pinned and the key is chosen by its id: what a token says it is decides nothing. */
export function ownTokenVerifier(options: OwnTokenOptions): TokenVerifier {
  const keys = new Map(options.keys.map(({ kid, secret }) => [kid, encoder.encode(secret)]));
  return async (token) => {
    if (!isOurs(token)) return undefined;
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = keys.get(kid ?? '');
          if (!key) throw new errors.JWSInvalid('no such key');
          return key;
        },
        {
          algorithms: ['HS256'],
          issuer: options.issuer,
          audience: options.audience,
          requiredClaims: ['iss', 'aud', 'iat', 'exp'],
          clockTolerance: CLOCK_TOLERANCE_S,
        },
      );
      return identityOf(claimsSchema.parse(payload), payload);
    } catch (error) {
      const expired = error instanceof errors.JWTExpired;
      throw expired
        ? unauthorized('token_expired', 'The token has expired')
        : unauthorized('invalid_token', 'The token is not valid');
    }
  };
}

/** A token for these claims, signed with the present key, for `lifetimeSeconds`. */
export async function signOwnToken(
  options: OwnTokenOptions,
  claims: OwnTokenClaims,
  lifetimeSeconds: number,
): Promise<string> {
  const [key] = options.keys;
  if (!key) throw new ApiError(503, 'tokens_not_configured', 'This gateway issues no tokens');
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: key.kid })
    .setIssuer(options.issuer)
    .setAudience(options.audience)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + lifetimeSeconds)
    .sign(encoder.encode(key.secret));
}

function isOurs(token: string): boolean {
  try {
    return decodeProtectedHeader(token).alg === 'HS256';
  } catch {
    return false;
  }
}

function identityOf(claims: z.output<typeof claimsSchema>, { iat, exp }: JWTPayload): Identity {
  const email = claims.email ?? null;
  return {
    uid: claims.user_id,
    username: claims.name ?? email?.split('@')[0] ?? claims.user_id,
    name: claims.name ?? null,
    email,
    emailVerified: claims.email_verified,
    picture: claims.picture ?? null,
    tokenType: claims.token_type,
    role: undefined,
    issuedAt: iat === undefined ? undefined : iat * 1_000,
    expiresAt: exp === undefined ? undefined : exp * 1_000,
  };
}

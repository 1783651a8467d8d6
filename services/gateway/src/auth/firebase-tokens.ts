import { asError, errorCode } from '@mediaworks/runtime';
import type { DecodedIdToken } from 'firebase-admin/auth';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { type ApiError, unauthorized, unavailable } from '../api-error.ts';
import type { Firebase } from '@mediaworks/firebase';
import type { Identity, TokenVerifier } from './identity.ts';

const ISSUER = 'https://securetoken.google.com/';

/** What a token is refused for. Any other error is Google's, the network's or the configuration's, not the bearer's. */
const REFUSALS: Readonly<Record<string, [code: string, message: string]>> = {
  'auth/argument-error': ['invalid_token', 'The token is not valid'],
  'auth/id-token-expired': ['token_expired', 'The token has expired'],
  'auth/id-token-revoked': ['token_revoked', 'The token was revoked'],
  'auth/user-disabled': ['user_disabled', 'The account is disabled'],
  'auth/user-not-found': ['invalid_token', 'The token is not valid'],
};

/** The library calls keys that it could not fetch an error of the token; its words are all that tells them apart. */
const KEYS_NOT_FETCHED = /^Error (while making request|fetching)/;

const text = (max: number) => z.string().min(1).max(max).nullish().catch(null);
const profile = z.object({
  email: text(320),
  name: text(200),
  picture: text(2_000),
  email_verified: z.boolean().catch(false),
});

/** Firebase ID tokens: signature, audience, issuer and expiry by firebase-admin, and whether revoked where asked for. */
export function firebaseTokenVerifier(
  firebase: Firebase,
  { checkRevoked }: { checkRevoked: boolean },
): TokenVerifier {
  return async (token) => {
    if (!claimsToBeFirebase(token)) return undefined;
    const auth = await firebase.auth();
    try {
      return identityOf(await auth.verifyIdToken(token, checkRevoked));
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

/** Only says who is to look at it. */
function claimsToBeFirebase(token: string): boolean {
  try {
    return decodeJwt(token).iss?.startsWith(ISSUER) === true;
  } catch {
    return false;
  }
}

function refusalOf(error: unknown): ApiError {
  const refusal = REFUSALS[errorCode(error) ?? ''];
  return refusal && !KEYS_NOT_FETCHED.test(asError(error).message)
    ? unauthorized(...refusal)
    : unavailable('firebase', error);
}

function identityOf(token: DecodedIdToken): Identity {
  const { email = null, name = null, picture = null, email_verified } = profile.parse(token);
  return {
    uid: token.uid,
    username: name ?? email?.split('@')[0] ?? token.uid,
    name,
    email,
    emailVerified: email_verified,
    picture,
    tokenType: 'firebase',
    role: undefined,
    issuedAt: token.iat * 1_000,
    expiresAt: token.exp * 1_000,
  };
}

import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { ApiError, unauthorized } from '../api-error.ts';
import { BoundedCache } from '../bounded-cache.ts';
import type { Principal } from '../request-context.ts';
import type { Identity, TokenVerifier } from './identity.ts';
import type { UserDirectory } from './users.ts';

const MAX_TOKEN_LENGTH = 8_192;
const REMEMBERED_MS = 60_000;
const TOKEN_PARAMETERS = ['token', 'access_token', 'id_token', 'bearer_token', 'auth_token', 'authorization'];

export interface Authenticator {
  /** Who sent the request. @throws ApiError 401; 400 for a token in the query */
  authenticate(req: Request): Principal | Promise<Principal>;
  /** Who bears a token. @throws ApiError 401 */
  bearer(token: string): Principal | Promise<Principal>;
  /** The caller without a token, where none is asked for. */
  anonymous(): Promise<Principal>;
}

/** @param verifiers asked in order; with none, every caller is the local admin */
export function createAuthenticator(options: {
  verifiers: readonly TokenVerifier[];
  users: UserDirectory;
  off: boolean;
}): Authenticator {
  const { verifiers, users } = options;
  // By the token's digest: looking a secret up by itself would tell by the time it takes how much of it was right.
  const remembered = new BoundedCache<Principal>(10_000);

  const principalFor = async (identity: Identity): Promise<Principal> => {
    const user = await users(identity);
    return { userId: user.id, uid: identity.uid, username: user.username, role: identity.role };
  };
  const bearer = (token: string): Principal | Promise<Principal> => {
    if (token.length > MAX_TOKEN_LENGTH) throw unauthorized('invalid_token', 'The token is not valid');
    const digest = createHash('sha256').update(token).digest('base64');
    return remembered.get(digest) ?? verify(token, digest);
  };
  const verify = async (token: string, digest: string): Promise<Principal> => {
    for (const verifier of verifiers) {
      const identity = await verifier(token);
      if (!identity) continue;
      const principal = await principalFor(identity);
      remembered.set(digest, principal, Math.min(Date.now() + REMEMBERED_MS, identity.expiresAt ?? Infinity));
      return principal;
    }
    throw unauthorized('invalid_token', 'The token is not valid');
  };
  const stranger = (uid: string, role: Principal['role']) => () =>
    principalFor({ uid, username: uid, email: null, role, expiresAt: undefined });
  const local = stranger('local', 'admin');

  return {
    bearer,
    anonymous: stranger('anonymous', 'user'),
    authenticate: (req) => {
      refuseTokenInQuery(req);
      if (options.off) return local();
      const token = tokenOf(req.headers.authorization);
      if (token === undefined) throw unauthorized('unauthorized', 'Authentication is required');
      return bearer(token);
    },
  };
}

/** `Bearer T`, or T alone as the photo clients send it. */
function tokenOf(header: string | undefined): string | undefined {
  return /^(?:Bearer\s+)?(\S+)\s*$/i.exec(header ?? '')?.[1];
}

/** An address ends up in logs, histories and Referer headers: a token in it is as good as published. */
function refuseTokenInQuery(req: Request): void {
  if (!req.url.includes('?')) return;
  const names = Object.keys(req.query).map((name) => name.toLowerCase());
  if (names.some((name) => TOKEN_PARAMETERS.includes(name))) {
    throw new ApiError(
      400,
      'token_in_query',
      'A token belongs in the Authorization header, never in the address',
    );
  }
}

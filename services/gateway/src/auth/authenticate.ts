import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { ApiError, unauthorized } from '../api-error.ts';
import { BoundedCache } from '../bounded-cache.ts';
import type { Principal, Role } from '../request-context.ts';
import { bareIdentity, type Identity, type TokenVerifier } from './identity.ts';
import type { RoleDirectory } from './roles.ts';
import type { UserDirectory, UserRow } from './users.ts';

const MAX_TOKEN_LENGTH = 8_192;
const REMEMBERED_MS = 60_000;
const TOKEN_PARAMETERS = ['token', 'access_token', 'id_token', 'bearer_token', 'auth_token', 'authorization'];

export interface Authenticator {
  /** Who sent the request. @throws ApiError 401; 400 for a token in the query; 503 */
  authenticate(req: Request): Principal | Promise<Principal>;
  /** Who bears a token. @throws ApiError 401, 503 */
  bearer(token: string): Principal | Promise<Principal>;
  /** The caller without a token, where none is asked for. */
  anonymous(): Promise<Principal>;
  /** What the token of a request says of its bearer. @throws ApiError 401, 503 */
  identify(req: Request): Promise<Identity>;
}

/** A token that was good a moment ago, and whose it is. */
interface Known {
  readonly identity: Identity;
  readonly user: UserRow;
}

/** @param options.verifiers asked in order; with none, every caller is the local admin */
export function createAuthenticator(options: {
  verifiers: readonly TokenVerifier[];
  users: UserDirectory;
  roles: RoleDirectory;
  off: boolean;
}): Authenticator {
  const { verifiers, users, roles } = options;
  // By the token's digest: looking a secret up by itself would tell by the time it takes how much of it was right.
  const remembered = new BoundedCache<Known>(10_000);

  // The role is asked for at each request: it may end long before the token does.
  const principalOf = ({ identity, user }: Known): Principal | Promise<Principal> => {
    const role = identity.role ?? roles.roleOf(identity);
    return typeof role === 'string'
      ? principal(identity, user, role)
      : role.then((found) => principal(identity, user, found));
  };
  const knownBearer = (token: string): Known | Promise<Known> => {
    if (token.length > MAX_TOKEN_LENGTH) throw unauthorized('invalid_token', 'The token is not valid');
    const digest = createHash('sha256').update(token).digest('base64');
    return remembered.get(digest) ?? verify(token, digest);
  };
  const verify = async (token: string, digest: string): Promise<Known> => {
    for (const verifier of verifiers) {
      const identity = await verifier(token);
      if (!identity) continue;
      const known = { identity, user: await users(identity) };
      remembered.set(digest, known, Math.min(Date.now() + REMEMBERED_MS, identity.expiresAt ?? Infinity));
      return known;
    }
    throw unauthorized('invalid_token', 'The token is not valid');
  };
  const bearer = (token: string): Principal | Promise<Principal> => {
    const known = knownBearer(token);
    return known instanceof Promise ? known.then(principalOf) : principalOf(known);
  };
  const stranger = (uid: string, role: Role) => {
    const identity = bareIdentity(uid, uid, role, 'none');
    return async () => principal(identity, await users(identity), role);
  };
  const local = stranger('local', 'admin');

  return {
    bearer,
    anonymous: stranger('anonymous', 'user'),
    authenticate: (req) => {
      refuseTokenInQuery(req);
      return options.off ? local() : bearer(requireToken(req));
    },
    identify: async (req) => {
      if (options.off) return bareIdentity('local', 'local', 'admin', 'none');
      return (await knownBearer(requireToken(req))).identity;
    },
  };
}

function principal({ uid }: Identity, { id, username }: UserRow, role: Role): Principal {
  return { userId: id, uid, username, role };
}

function requireToken(req: Request): string {
  const token = tokenOf(req.headers.authorization);
  if (token === undefined) throw unauthorized('unauthorized', 'Authentication is required');
  return token;
}

/** `Bearer T`, or T alone as the photo clients send it. */
export function tokenOf(header: string | undefined): string | undefined {
  return /^(?:Bearer\s+)?(\S+)\s*$/i.exec(header ?? '')?.[1];
}

/** An address ends up in logs, histories and Referer headers: a token in it is as good as published. */
export function refuseTokenInQuery(req: Request): void {
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

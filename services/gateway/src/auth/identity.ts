import type { Role } from '../request-context.ts';

export type TokenType = 'firebase' | 'custom_backend' | 'static' | 'none';

/** Who a token says its bearer is. */
export interface Identity {
  uid: string;
  /** What others see of the bearer. */
  username: string;
  name: string | null;
  email: string | null;
  /** Anybody can write any address into an account: one that nobody verified says nothing about its owner. */
  emailVerified: boolean;
  picture: string | null;
  tokenType: TokenType;
  /** The role that the configuration gives; undefined where {@link RoleDirectory} says it. */
  role: Role | undefined;
  /** ms since 1970; undefined where the token does not say it. */
  issuedAt: number | undefined;
  /** ms since 1970; undefined when the token does not expire. */
  expiresAt: number | undefined;
}

/**
 * Knows one kind of token. Resolves with undefined when the token is not of its kind, so that the next one looks at it.
 * @throws ApiError 401 when it is of its kind and not good; 503 when that can not be told now
 */
export type TokenVerifier = (token: string) => Promise<Identity | undefined>;

/** One that has no claims of its own. */
export function bareIdentity(uid: string, username: string, role: Role, tokenType: TokenType): Identity {
  const nothing = { name: null, email: null, picture: null, issuedAt: undefined, expiresAt: undefined };
  return { ...nothing, uid, username, role, tokenType, emailVerified: false };
}

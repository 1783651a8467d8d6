import type { Role } from '../request-context.ts';

/** Who a token says its bearer is. */
export interface Identity {
  uid: string;
  username: string;
  email: string | null;
  role: Role;
  /** ms since 1970; undefined when the token does not expire. */
  expiresAt: number | undefined;
}

/**
 * Knows one kind of token. Resolves with undefined when the token is not of its kind, so that the next one looks at it.
 * @throws ApiError 401 when it is of its kind and not good
 */
export type TokenVerifier = (token: string) => Promise<Identity | undefined>;

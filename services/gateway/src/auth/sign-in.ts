import type { GatewayDeps } from '../deps.ts';
import { type Authenticator, createAuthenticator } from './authenticate.ts';
import { firebaseTokenVerifier } from './firebase-tokens.ts';
import type { TokenVerifier } from './identity.ts';
import { type OwnTokenOptions, ownTokenVerifier } from './own-tokens.ts';
import { createRoleDirectory, type RoleDirectory } from './roles.ts';
import { staticTokenVerifier } from './static-token.ts';
import { createUserDirectory, type UserDirectory } from './users.ts';

/** What signing in goes by. */
export interface SignIn {
  authenticator: Authenticator;
  roles: RoleDirectory;
  users: UserDirectory;
  /** Undefined where no Firebase project is configured. */
  firebaseTokens: TokenVerifier | undefined;
  ownTokens: OwnTokenOptions;
}

/** Every way in that is configured: the static token, our own, Firebase's. */
export function createSignIn({ db, env, firebase }: Pick<GatewayDeps, 'db' | 'env' | 'firebase'>): SignIn {
  const ownTokens = { keys: env.JWT_SECRETS, issuer: env.JWT_ISSUER, audience: env.JWT_AUDIENCE };
  const firebaseTokens = firebase && firebaseTokenVerifier(firebase, { checkRevoked: env.CHECK_REVOKED });
  const users = createUserDirectory(db);
  const roles = createRoleDirectory(db, { superAdmins: env.SUPER_ADMINS, mockAdmin: env.MOCK_AUTH });
  const verifiers = [
    ...(env.STATIC_BEARER_TOKEN === undefined
      ? []
      : [staticTokenVerifier(env.STATIC_BEARER_TOKEN, env.STATIC_BEARER_ROLE)]),
    ...(ownTokens.keys.length === 0 ? [] : [ownTokenVerifier(ownTokens)]),
    ...(firebaseTokens ? [firebaseTokens] : []),
  ];
  const authenticator = createAuthenticator({ verifiers, users, roles, off: !env.AUTH });
  return { authenticator, roles, users, firebaseTokens, ownTokens };
}

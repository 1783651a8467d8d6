import { isAdminRole, type Role } from '../request-context.ts';
import type { Identity } from './identity.ts';
import { type OwnTokenOptions, signOwnToken } from './own-tokens.ts';

/** How the seed's clients know a user. */
export interface ShownUser {
  uid: string;
  email: string | null;
  name: string | null;
  picture: string | null;
  is_admin: boolean;
}

export type Bearer = Pick<Identity, 'uid' | 'email' | 'emailVerified' | 'name' | 'picture'>;

export function showUser({ uid, email, name, picture }: Bearer, role: Role): ShownUser {
  return { uid, email, name, picture, is_admin: isAdminRole(role) };
}

/** A token of ours for somebody who has shown who it is. */
export function issueToken(
  options: OwnTokenOptions,
  bearer: Bearer,
  role: Role,
  lifetimeSeconds: number,
): Promise<string> {
  const { uid, email, name, picture, is_admin } = showUser(bearer, role);
  const claims = { user_id: uid, email, name, picture, email_verified: bearer.emailVerified, is_admin };
  return signOwnToken(options, { ...claims, token_type: 'custom_backend' }, lifetimeSeconds);
}

import type { Identity } from './identity.ts';

export const MOCK_ADMIN_UID = 'mock-admin';

/** Who `/auth/mock-user-token` and `/auth/mock-admin-token` make a token for: nobody, under a domain that can't exist. */
export type MockUser = Pick<Identity, 'uid' | 'name' | 'email' | 'emailVerified' | 'picture'>;

export const mockUser: MockUser = {
  uid: 'mock-user',
  name: 'Mock User',
  email: 'mock-user@mediaworks.invalid',
  emailVerified: true,
  picture: null,
};

export const mockAdmin: MockUser = {
  uid: MOCK_ADMIN_UID,
  name: 'Mock Admin',
  email: 'mock-admin@mediaworks.invalid',
  emailVerified: true,
  picture: null,
};

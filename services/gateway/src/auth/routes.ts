import type { Request } from 'express';
import { z } from 'zod';
import { ApiError, plainErrorShape, unauthorized } from '../api-error.ts';
import { defineRoute, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { isAdmin, principalOf, type Role } from '../request-context.ts';
import { noteLogin } from './admin-logins.ts';
import { refuseTokenInQuery, tokenOf } from './authenticate.ts';
import type { Identity } from './identity.ts';
import { issueToken, showUser } from './issue-tokens.ts';
import { mockAdmin, type MockUser, mockUser } from './mock-users.ts';
import type { SignIn } from './sign-in.ts';
import { noteEmail } from './users.ts';

const HOUR_S = 3_600;
const LOGIN_DAYS = 30;
const EXCHANGE_HOURS = 72;

const firebaseBody = z.object({
  token: z.string().min(1).optional().meta({ description: 'A Firebase ID token, where it is no Bearer' }),
  id_token: z.string().min(1).optional(),
});
const user = z.object({
  uid: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  picture: z.string().nullable(),
  is_admin: z.boolean(),
});
const loginAnswer = z.object({
  success: z.literal(true),
  backend_token: z.string(),
  expires_in_days: z.int(),
  user,
  message: z.string(),
});
const exchangeAnswer = z.object({
  success: z.literal(true),
  custom_token: z.string(),
  expires_in_hours: z.int(),
  expires_at: z.iso.datetime(),
  user,
  token_type: z.literal('custom_backend'),
  message: z.string(),
});
const userAnswer = z.object({
  success: z.literal(true),
  user: user.extend({
    email_verified: z.boolean(),
    role: z.enum(['user', 'admin', 'super_admin']),
    token_type: z.enum(['firebase', 'custom_backend', 'static', 'none']),
    token_issued_at: z.iso.datetime().nullable(),
    token_expires_at: z.iso.datetime().nullable(),
  }),
  timestamp: z.iso.datetime(),
});
const mockAnswer = z.object({ custom_token: z.string(), user, user_data: user });

/** `/auth/*`: Firebase tokens for ours, and who a token says its bearer is. */
export function authRoutes({ db, env }: GatewayDeps, signIn: SignIn): RouteSet {
  const { authenticator, roles, users, firebaseTokens, ownTokens } = signIn;

  /** Who brings the Firebase token of a request; it is noted that somebody came. */
  const admit = async (req: Request, body: z.output<typeof firebaseBody>): Promise<[Identity, Role]> => {
    refuseTokenInQuery(req);
    if (!firebaseTokens) {
      throw new ApiError(503, 'firebase_not_configured', 'Signing in by Firebase is not configured here');
    }
    // What is in the body was put there on purpose; a client may send some old token with every request.
    const token = body.id_token ?? body.token ?? tokenOf(req.headers.authorization);
    if (token === undefined) throw unauthorized('unauthorized', 'A Firebase ID token is required');
    const identity = await firebaseTokens(token);
    if (!identity) throw unauthorized('invalid_token', 'The token is not a Firebase ID token');
    const { id } = await users(identity);
    if (identity.email !== null) await noteEmail(db, id, identity.email);
    await noteLogin(db, identity);
    return [identity, await roles.roleOf(identity)];
  };

  const login = defineRoute({
    method: 'post',
    path: '/auth/login',
    summary: 'Trade a Firebase ID token for one of ours that is good for 30 days',
    access: 'public',
    body: firebaseBody,
    responses: { 200: { description: 'The token', schema: loginAnswer } },
    errors: [401],
    handler: async ({ req, body }) => {
      const [identity, role] = await admit(req, body);
      return {
        status: 200,
        body: {
          success: true,
          backend_token: await issueToken(ownTokens, identity, role, LOGIN_DAYS * 24 * HOUR_S),
          expires_in_days: LOGIN_DAYS,
          user: showUser(identity, role),
          message: 'Signed in',
        },
      };
    },
  });

  const exchange = defineRoute({
    method: 'post',
    path: '/auth/exchange-token',
    summary: 'Trade a Firebase ID token for one of ours that is good for 72 hours',
    access: 'public',
    body: firebaseBody,
    responses: { 200: { description: 'The token', schema: exchangeAnswer } },
    errors: [401],
    handler: async ({ req, body }) => {
      const [identity, role] = await admit(req, body);
      const lifetimeSeconds = EXCHANGE_HOURS * HOUR_S;
      return {
        status: 200,
        body: {
          success: true,
          custom_token: await issueToken(ownTokens, identity, role, lifetimeSeconds),
          expires_in_hours: EXCHANGE_HOURS,
          expires_at: new Date(Date.now() + lifetimeSeconds * 1_000).toISOString(),
          user: showUser(identity, role),
          token_type: 'custom_backend',
          message: 'The token was exchanged',
        },
      };
    },
  });

  const whoAmI = defineRoute({
    method: 'get',
    path: '/auth/user',
    summary: 'Who the token says its bearer is',
    access: 'user',
    responses: { 200: { description: 'The bearer', schema: userAnswer } },
    handler: async ({ req }) => {
      const identity = await authenticator.identify(req);
      const principal = principalOf(req);
      return {
        status: 200,
        body: {
          success: true,
          user: {
            ...showUser(identity, principal.role),
            email_verified: identity.emailVerified,
            is_admin: isAdmin(principal),
            role: principal.role,
            token_type: identity.tokenType,
            token_issued_at: isoTime(identity.issuedAt),
            token_expires_at: isoTime(identity.expiresAt),
          },
          timestamp: new Date().toISOString(),
        },
      };
    },
  });

  const mock = (path: string, whom: MockUser, role: Role) =>
    defineRoute({
      method: 'post',
      path,
      summary: 'A token of nobody, for trying things out (MOCK_AUTH=on)',
      access: 'public',
      responses: { 200: { description: 'The token', schema: mockAnswer } },
      handler: async () => {
        const shown = showUser(whom, role);
        const token = await issueToken(ownTokens, whom, role, EXCHANGE_HOURS * HOUR_S);
        return { status: 200, body: { custom_token: token, user: shown, user_data: shown } };
      },
    });

  return {
    domain: 'auth',
    prefixes: ['/auth'],
    errorShape: plainErrorShape,
    routes: [
      login,
      exchange,
      whoAmI,
      ...(env.MOCK_AUTH
        ? [
            mock('/auth/mock-user-token', mockUser, 'user'),
            mock('/auth/mock-admin-token', mockAdmin, 'admin'),
          ]
        : []),
    ],
  };
}

const isoTime = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Emulator, startAuthEmulator } from '@mediaworks/local-stack/firebase';
import { UnsecuredJWT } from 'jose';
import { readGatewayEnv } from '../env.ts';
import { bearer, openGateway } from '../testing/open-gateway.ts';

const PROJECT = 'lectures-test';
let emulator: Emulator;
let gateway: Awaited<ReturnType<typeof openGateway>>;

beforeAll(async () => {
  emulator = await startAuthEmulator(PROJECT);
  // firebase-admin reads it by itself.
  process.env['FIREBASE_AUTH_EMULATOR_HOST'] = emulator.host;
  gateway = await openGateway({ FIREBASE_PROJECT_ID: PROJECT, SUPER_ADMINS: 'Boss@Example.org' });
}, 60_000);
afterAll(async () => {
  delete process.env['FIREBASE_AUTH_EMULATOR_HOST'];
  await gateway.close();
  await emulator.stop();
});

/** Asks the emulator as the web page does, or with the rights of the project's owner. */
const identityToolkit = async (method: string, body: object, owner = false) => {
  const answer = await fetch(`http://${emulator.host}/identitytoolkit.googleapis.com/v1/${method}?key=any`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(owner ? { authorization: 'Bearer owner' } : {}) },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { idToken: string; localId: string };
};
const signUp = (email: string) =>
  identityToolkit('accounts:signUp', {
    email,
    password: 'correct horse',
    displayName: 'Ada',
    returnSecureToken: true,
  });
const change = (localId: string, changes: object) =>
  identityToolkit(`projects/${PROJECT}/accounts:update`, { localId, ...changes }, true);
const login = (token: string) =>
  fetch(`${gateway.url}/auth/login`, { method: 'POST', headers: bearer(token) });
const now = () => Math.floor(Date.now() / 1_000);

describe('somebody who signed up', () => {
  it('signs in, and is known by what it was given', async () => {
    const { idToken, localId } = await signUp('ada@example.org');
    const { backend_token: token, user } = (await (await login(idToken)).json()) as {
      backend_token: string;
      user: object;
    };
    expect(user).toMatchObject({ uid: localId, email: 'ada@example.org', is_admin: false });
    for (const good of [token, idToken]) {
      const answer = await fetch(`${gateway.url}/auth/user`, { headers: bearer(good) });
      expect(await answer.json()).toMatchObject({ user: { uid: localId, email_verified: false } });
    }
  });

  it('without an e-mail address is a user', async () => {
    const { idToken, localId } = await identityToolkit('accounts:signUp', { returnSecureToken: true });
    const answer = await login(idToken);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ user: { uid: localId, email: null, is_admin: false } });
  });

  it('under the address of a super admin is one only after it was verified', async () => {
    const { idToken, localId } = await signUp('boss@example.org');
    expect(await (await login(idToken)).json()).toMatchObject({ user: { is_admin: false } });
    await change(localId, { emailVerified: true });
    const again = await identityToolkit('accounts:signInWithPassword', {
      email: 'boss@example.org',
      password: 'correct horse',
      returnSecureToken: true,
    });
    expect(await (await login(again.idToken)).json()).toMatchObject({ user: { is_admin: true } });
  });

  it.each([
    ['was revoked', { validSince: String(now() + 600) }, 'token_revoked'],
    ['was disabled', { disableUser: true }, 'user_disabled'],
  ])('and %s is out', async (name, changes, code) => {
    const { idToken, localId } = await signUp(`${name.replaceAll(' ', '-')}@example.org`);
    await change(localId, changes);
    const answer = await login(idToken);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code });
  });

  it('and left is out', async () => {
    const { idToken, localId } = await signUp('gone@example.org');
    await identityToolkit(`projects/${PROJECT}/accounts:delete`, { localId }, true);
    expect((await login(idToken)).status).toBe(401);
  });
});

it.each<[string, object, object?]>([
  ['expired', { exp: now() - 5 }],
  ['for another project', { aud: 'elsewhere' }],
  ['by another project', { iss: 'https://securetoken.google.com/elsewhere' }],
  ['of nobody', { sub: '' }],
])('a token of the emulator that is %s is refused', async (_name, changes) => {
  const { localId } = await signUp(`${crypto.randomUUID()}@example.org`);
  const claims = { aud: PROJECT, iss: `https://securetoken.google.com/${PROJECT}`, sub: localId };
  const times = { iat: now(), exp: now() + 600, auth_time: now() };
  expect((await login(new UnsecuredJWT({ ...claims, ...times }).encode())).status).toBe(200);
  expect((await login(new UnsecuredJWT({ ...claims, ...times, ...changes }).encode())).status).toBe(401);
});

it('is not for production, where a token needs a signature', () => {
  const production = {
    ...gateway.house.env,
    NODE_ENV: 'production',
    FIREBASE_PROJECT_ID: PROJECT,
    FIREBASE_AUTH_EMULATOR_HOST: emulator.host,
  };
  expect(() => readGatewayEnv(production)).toThrow('FIREBASE_AUTH_EMULATOR_HOST: not in production');
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readGatewayEnv } from '../env.ts';
import { bearer, openGateway, OPERATOR_TOKEN, tokenFor } from '../testing/open-gateway.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  gateway = await openGateway({ MOCK_AUTH: 'on' });
});
afterAll(() => gateway.close());

const whoAmI = async (headers: Record<string, string>, url = gateway.url) => {
  const answer = await fetch(`${url}/auth/user/`, { headers });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { user: Record<string, unknown> }).user;
};

describe('MOCK_AUTH=on', () => {
  it.each([
    ['/auth/mock-user-token', 'mock-user', 'user', 403],
    ['/auth/mock-admin-token/', 'mock-admin', 'admin', 200],
  ])('%s makes a token of nobody', async (path, uid, role, status) => {
    const answer = await fetch(`${gateway.url}${path}`, { method: 'POST' });
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as { custom_token: string; user: object; user_data: object };
    const user = { uid, email: `${uid}@mediaworks.invalid`, is_admin: role === 'admin' };
    expect(body).toMatchObject({ user, user_data: user });
    const headers = bearer(body.custom_token);
    expect(await whoAmI(headers)).toMatchObject({ ...user, role, token_type: 'custom_backend' });
    expect((await fetch(`${gateway.url}/admin/stats`, { headers })).status).toBe(status);
  });

  it('is off unless it is asked for: there are no such addresses, and no such admin', async () => {
    const token = bearer(await tokenFor('mock-admin', { is_admin: true }));
    const plain = await gateway.house.start();
    try {
      for (const path of ['/auth/mock-user-token', '/auth/mock-admin-token'])
        expect((await fetch(`${plain.url}${path}`, { method: 'POST' })).status).toBe(404);
      expect(await whoAmI(token, plain.url)).toMatchObject({ role: 'user', is_admin: false });
    } finally {
      await plain.stop(0);
    }
  });
});

describe('who bears', () => {
  it('the static token is the operator', async () => {
    expect(await whoAmI(bearer(OPERATOR_TOKEN))).toEqual({
      uid: 'static-token',
      email: null,
      name: null,
      picture: null,
      email_verified: false,
      is_admin: true,
      role: 'admin',
      token_type: 'static',
      token_issued_at: null,
      token_expires_at: null,
    });
  });

  it('none is told to bring one', async () => {
    const answer = await fetch(`${gateway.url}/auth/user`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'unauthorized', error: expect.any(String) });
  });

  it('none where none is asked for is the local admin', async () => {
    const open = await gateway.house.start({ AUTH: 'off' });
    try {
      expect(await whoAmI({}, open.url)).toMatchObject({ uid: 'local', role: 'admin', token_type: 'none' });
    } finally {
      await open.stop(0);
    }
  });
});

describe('the configuration is refused', () => {
  const production = { NODE_ENV: 'production', FIREBASE_PROJECT_ID: 'lectures' };
  it.each<[string, Record<string, string>, string]>([
    ['with mock tokens in production', { NODE_ENV: 'production', MOCK_AUTH: 'on' }, 'MOCK_AUTH'],
    ['with mock tokens and no secret', { MOCK_AUTH: 'on', JWT_SECRETS: '' }, 'JWT_SECRETS'],
    ['with Firebase and no secret in production', { ...production, JWT_SECRETS: '' }, 'JWT_SECRETS'],
    ['with a secret of 31 bytes', { JWT_SECRETS: `a:${'x'.repeat(31)}` }, 'at least 32 bytes'],
    ['with the id of a key twice', { JWT_SECRETS: `a:${'x'.repeat(32)},a:${'y'.repeat(32)}` }, 'twice'],
    ['with nobody who could sign in', { STATIC_BEARER_TOKEN: '', JWT_SECRETS: '' }, 'nobody could sign in'],
    ['with everybody an admin', { OPEN_ROUTES: 'harvest,admin' }, 'admin can not be open'],
    ['with a door open to the world', { AUTH: 'off', HOST: '0.0.0.0' }, 'loopback alone'],
  ])('%s', (_name, changes, problem) => {
    expect(() => readGatewayEnv({ ...gateway.house.env, ...changes })).toThrow(problem);
  });

  it.each([
    ['is not there', undefined],
    ['is no key', { project_id: 'x', client_email: 'y', private_key: 'topsecret' }],
    ['lacks half', { project_id: 'x' }],
  ])('whose service account %s, without a word of it', async (_name, content) => {
    const path = content ? await gateway.house.keep('account.json', content) : '/does/not/exist.json';
    const starting = gateway.house.start({ FIREBASE_SERVICE_ACCOUNT_PATH: path });
    await expect(starting).rejects.toThrow('FIREBASE_SERVICE_ACCOUNT_PATH');
    await expect(starting).rejects.not.toThrow(/topsecret/);
  });

  it('never, with Firebase alone', () => {
    const alone = { STATIC_BEARER_TOKEN: '', JWT_SECRETS: '', FIREBASE_PROJECT_ID: 'lectures' };
    expect(readGatewayEnv({ ...gateway.house.env, ...alone })).toMatchObject({ AUTH: true });
  });
});

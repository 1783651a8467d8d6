import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type GoogleDouble, startGoogleDouble } from '@mediaworks/local-stack/firebase';
import { bearer, OPERATOR_TOKEN, openFirebaseGateway, tokenFor } from '../testing/open-gateway.ts';

let google: GoogleDouble;
let gateway: Awaited<ReturnType<typeof openFirebaseGateway>>;
let strict: typeof gateway;

beforeAll(async () => {
  google = await startGoogleDouble('lectures-test');
  gateway = await openFirebaseGateway(google);
  strict = await openFirebaseGateway(google, { CHECK_REVOKED: 'on' });
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await strict.close();
  await google.stop();
});

const now = () => Math.floor(Date.now() / 1_000);
const ada = {
  sub: 'ada',
  email: 'ada@example.org',
  email_verified: true,
  name: 'Ada',
  picture: 'https://x.example/a.png',
};
const ask = (token: string, at = gateway) => fetch(`${at.url}/auth/user`, { headers: bearer(token) });
const post = (path: string, body?: unknown, headers: Record<string, string> = {}, at = gateway) =>
  fetch(`${at.url}${path}`, {
    method: 'POST',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

it('loads the certificates when the first token comes, and keeps them', async () => {
  expect(google.asked('/x509/')).toBe(0);
  for (let i = 0; i < 3; i++) expect((await ask(google.idToken({ sub: `user-${i}` }))).status).toBe(200);
  expect(google.asked('/x509/')).toBe(1);
});

describe('a Firebase ID token that Google signed', () => {
  it('says who its bearer is', async () => {
    const token = google.idToken({ ...ada, iat: 1_700_000_000, auth_time: 1_700_000_000 });
    const answer = await ask(token);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      success: true,
      user: {
        uid: 'ada',
        email: 'ada@example.org',
        name: 'Ada',
        picture: 'https://x.example/a.png',
        email_verified: true,
        is_admin: false,
        role: 'user',
        token_type: 'firebase',
        token_issued_at: '2023-11-14T22:13:20.000Z',
        token_expires_at: expect.stringMatching(/Z$/),
      },
      timestamp: expect.stringMatching(/Z$/),
    });
  });

  it('works bare, as the photo clients send it', async () => {
    const answer = await fetch(`${gateway.url}/auth/user`, {
      headers: { authorization: google.idToken(ada) },
    });
    expect(answer.status).toBe(200);
  });

  it('without an e-mail address is a user all the same, and never an admin', async () => {
    const answer = await json(await ask(google.idToken({ sub: 'phone-only' })));
    expect(answer['user']).toMatchObject({
      uid: 'phone-only',
      email: null,
      role: 'user',
      email_verified: false,
    });
  });

  it('with claims that are no text is a user without them', async () => {
    const odd = google.idToken({
      sub: 'odd',
      email: 7,
      name: ['x'],
      picture: 'x'.repeat(3_000),
      email_verified: 'yes',
    });
    const answer = await json(await ask(odd));
    expect(answer['user']).toMatchObject({
      uid: 'odd',
      email: null,
      name: null,
      picture: null,
      email_verified: false,
    });
  });
});

describe('a Firebase ID token is refused', () => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  const tampered = (token: string) => {
    const [header, claims = '', signature] = token.split('.');
    const changed = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), sub: 'root' };
    return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
  };
  it.each<[string, () => string, string?]>([
    ['expired', () => google.idToken({ ...ada, exp: now() - 1 }), 'token_expired'],
    ['for another project', () => google.idToken({ ...ada, aud: 'elsewhere' })],
    ['by another project', () => google.idToken({ ...ada, iss: 'https://securetoken.google.com/elsewhere' })],
    ['by another issuer', () => google.idToken({ ...ada, iss: 'https://evil.example/lectures-test' })],
    [
      'of another project altogether',
      () => google.idToken({ ...ada, aud: 'elsewhere', iss: 'https://securetoken.google.com/elsewhere' }),
    ],
    ['unsigned', () => google.idToken(ada).replace(/[^.]*$/, '')],
    ['changed after it was signed', () => tampered(google.idToken(ada))],
    ['of no algorithm', () => google.idToken(ada, { alg: 'none' })],
    [
      'of no algorithm and no key, as the emulator makes them',
      () => google.idToken(ada, { alg: 'none', kid: undefined }),
    ],
    ['signed by a stranger', () => google.idToken(ada, {}, stranger)],
    ['signed by a key that Google does not have', () => google.idToken(ada, { kid: 'another' }, stranger)],
    ['without the id of its key', () => google.idToken(ada, { kid: undefined })],
    ['of nobody', () => google.idToken({ ...ada, sub: '' })],
    ['of somebody with an endless name', () => google.idToken({ ...ada, sub: 'x'.repeat(129) })],
    ['not yet good', () => google.idToken({ ...ada, nbf: now() + 600 })],
    ['that is none', () => 'a.b.c'],
  ])('%s', async (_name, make, code = 'invalid_token') => {
    const token = make();
    for (const answer of [await ask(token), await post('/auth/login', { id_token: token })]) {
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({
        code,
        error: expect.any(String),
        request_id: expect.any(String),
      });
    }
  });

  it('signed as if what is public were a secret', async () => {
    const [, claims] = google.idToken(ada).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'the-present-key' })).toString(
      'base64url',
    );
    const mac = createHmac('sha256', 'certificate')
      .update(`${header}.${claims ?? ''}`)
      .digest('base64url');
    expect((await ask(`${header}.${claims ?? ''}.${mac}`)).status).toBe(401);
  });
});

describe('revocation, where it is asked for', () => {
  afterEach(() => google.accounts.clear());

  it('lets in whose tokens are good', async () => {
    google.accounts.set('ada', { validSince: now() - 100 });
    expect((await ask(google.idToken(ada), strict)).status).toBe(200);
  });

  it.each([
    ['revoked', { validSince: now() + 100 }, 'token_revoked'],
    ['of a disabled account', { disabled: true }, 'user_disabled'],
    ['of an account that is gone', undefined, 'invalid_token'],
  ])('refuses a token %s', async (_name, account, code) => {
    if (account) google.accounts.set('ada', account);
    const token = google.idToken({ ...ada, name: `Ada, ${code}` });
    const answer = await ask(token, strict);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code });
    expect((await ask(token)).status).toBe(200);
  });

  it('says that Google is away instead of guessing', async () => {
    google.failNext('accounts:lookup', [500, { error: { message: 'INTERNAL' } }]);
    const answer = await ask(google.idToken({ ...ada, name: 'Ada, away' }), strict);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });
});

it('is not refused because Google’s certificates can not be fetched: that is 503', async () => {
  const fresh = await openFirebaseGateway(google);
  try {
    google.failNext('/x509/', [500, { error: 'away' }]);
    const token = google.idToken(ada);
    const answer = await ask(token, fresh);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'firebase_unavailable' });
    expect((await ask(token, fresh)).status).toBe(200);
  } finally {
    await fresh.close();
  }
});

describe('trading a Firebase token for ours', () => {
  const claimsOf = (token: unknown) =>
    JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      number
    >;
  const user = {
    uid: 'ada',
    email: 'ada@example.org',
    name: 'Ada',
    picture: 'https://x.example/a.png',
    is_admin: false,
  };

  it('by login is for 30 days', async () => {
    const answer = await json(await post('/auth/login', { token: google.idToken(ada) }));
    expect(answer).toEqual({
      success: true,
      backend_token: expect.any(String),
      expires_in_days: 30,
      user,
      message: expect.any(String),
    });
    const claims = claimsOf(answer['backend_token']);
    expect(claims).toEqual({
      iss: 'mediaworks',
      aud: 'mediaworks',
      iat: expect.any(Number),
      nbf: claims['iat'],
      exp: (claims['iat'] ?? 0) + 30 * 86_400,
      user_id: 'ada',
      email: 'ada@example.org',
      name: 'Ada',
      picture: 'https://x.example/a.png',
      email_verified: true,
      is_admin: false,
      token_type: 'custom_backend',
    });
    expect(Math.abs((claims['iat'] ?? 0) - now())).toBeLessThan(5);
  });

  it('by exchange is for 72 hours, and ours then says the same', async () => {
    const answer = await json(await post('/auth/exchange-token', undefined, bearer(google.idToken(ada))));
    expect(answer).toEqual({
      success: true,
      custom_token: expect.any(String),
      expires_in_hours: 72,
      expires_at: expect.any(String),
      user,
      token_type: 'custom_backend',
      message: expect.any(String),
    });
    const claims = claimsOf(answer['custom_token']);
    expect((claims['exp'] ?? 0) - (claims['iat'] ?? 0)).toBe(72 * 3_600);
    expect(Math.abs(Date.parse(String(answer['expires_at'])) / 1_000 - (claims['exp'] ?? 0))).toBeLessThan(2);
    const { user: shown } = await json(await ask(String(answer['custom_token'])));
    expect(shown).toMatchObject({
      ...user,
      email_verified: true,
      role: 'user',
      token_type: 'custom_backend',
    });
  });

  it.each(['id_token', 'token'])('takes it as %s before what the header holds', async (name) => {
    const answer = await post('/auth/login', { [name]: google.idToken(ada) }, bearer(OPERATOR_TOKEN));
    expect(await json(answer)).toMatchObject({ user });
  });

  it.each<[string, number, () => Promise<Response>]>([
    ['without one', 401, () => post('/auth/login')],
    ['with an empty one', 400, () => post('/auth/login', { token: '' })],
    ['with a number', 400, () => post('/auth/login', { token: 7 })],
    ['with a token of ours', 401, async () => post('/auth/login', {}, bearer(await tokenFor('ada')))],
    ['with the static token', 401, () => post('/auth/exchange-token', {}, bearer(OPERATOR_TOKEN))],
    ['with one in the address', 400, () => post(`/auth/login?token=${google.idToken(ada)}`, {})],
    ['with a huge body', 413, () => post('/auth/login', { token: 'x'.repeat(100_000) })],
    ['by GET', 405, () => fetch(`${gateway.url}/auth/login`)],
  ])('%s is refused', async (_name, status, send) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: expect.any(String), status });
  });

  it('keeps the row of the user, whichever token comes', async () => {
    await post('/auth/login', { token: google.idToken({ ...ada, email: 'ada@new.example' }) });
    const rows = await gateway.deps.db.selectFrom('users').selectAll().where('uid', '=', 'ada').execute();
    expect(rows).toMatchObject([{ email: 'ada@new.example' }]);
  });
});

it('is a whole gateway without a project: 503 where Firebase is asked for', async () => {
  const plain = await openFirebaseGateway(google, { FIREBASE_SERVICE_ACCOUNT_PATH: '' });
  try {
    const answer = await post('/auth/login', { token: google.idToken(ada) }, {}, plain);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'firebase_not_configured' });
    expect((await ask(google.idToken(ada), plain)).status).toBe(401);
    expect((await ask(OPERATOR_TOKEN, plain)).status).toBe(200);
  } finally {
    await plain.close();
  }
});

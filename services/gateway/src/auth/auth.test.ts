import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { bearer, KEYS, openGateway, OPERATOR_TOKEN, tokenFor } from '../testing/open-gateway.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

const ask = (headers: Record<string, string>, path = '/api/jobs') =>
  fetch(`${gateway.url}${path}`, { headers });
const now = () => Math.floor(Date.now() / 1_000);

interface Made {
  kid?: string;
  secret?: string;
  alg?: string;
  issuer?: string;
  audience?: string;
  issuedAt?: number;
  notBefore?: number;
  expires?: number;
  claims?: Record<string, unknown>;
}

const make = (given: Made = {}) =>
  new SignJWT({ user_id: 'alice', token_type: 'custom_backend', ...given.claims })
    .setProtectedHeader({ alg: given.alg ?? 'HS256', kid: given.kid ?? 'new' })
    .setIssuer(given.issuer ?? 'mediaworks')
    .setAudience(given.audience ?? 'mediaworks')
    .setIssuedAt(given.issuedAt ?? now())
    .setNotBefore(given.notBefore ?? now())
    .setExpirationTime(given.expires ?? now() + 60)
    .sign(new TextEncoder().encode(given.secret ?? KEYS[0]?.secret));

describe('a caller gets in', () => {
  it.each([
    ['with the static token', () => `Bearer ${OPERATOR_TOKEN}`],
    ['with the bare static token', () => OPERATOR_TOKEN],
    ['with our token', async () => `Bearer ${await tokenFor('alice')}`],
    ['with our token, bare', () => tokenFor('alice')],
    [
      'with a token of the key before',
      async () => `bearer ${await make({ kid: 'old', secret: KEYS[1]?.secret ?? '' })}`,
    ],
  ])('%s', async (_name, authorization) => {
    const answer = await ask({ authorization: await authorization() });
    expect(answer.status).toBe(200);
  });
});

describe('a caller is kept out', () => {
  it.each<[string, () => Promise<string> | string]>([
    ['with a wrong static token', () => `Bearer ${OPERATOR_TOKEN}x`],
    [
      'with an expired token',
      () => make({ issuedAt: now() - 600, notBefore: now() - 600, expires: now() - 60 }),
    ],
    ['with a token that is not yet good', () => make({ notBefore: now() + 600, expires: now() + 1_200 })],
    ['with a token for another audience', () => make({ audience: 'elsewhere' })],
    ['with a token of another issuer', () => make({ issuer: 'elsewhere' })],
    ['with a token signed by a stranger', () => make({ secret: 'x'.repeat(32) })],
    ['with a key id that does not exist', () => make({ kid: 'nobody' })],
    ['with one key under the id of another', () => make({ kid: 'old' })],
    [
      'with a token of another algorithm',
      () => make({ alg: 'HS512', secret: KEYS[0]?.secret.repeat(2) ?? '' }),
    ],
    ['with a token that is no token of ours', () => make({ claims: { token_type: 'other' } })],
    ['with a token of nobody', () => make({ claims: { user_id: '' } })],
    [
      'with an unsigned token',
      () =>
        new UnsecuredJWT({ user_id: 'alice', token_type: 'custom_backend', is_admin: true })
          .setIssuer('mediaworks')
          .setAudience('mediaworks')
          .setIssuedAt()
          .setExpirationTime('1h')
          .encode(),
    ],
    [
      'with a token whose claims were changed',
      async () => {
        const [header, , signature] = (await make()).split('.');
        const claims = {
          user_id: 'alice',
          is_admin: true,
          iss: 'mediaworks',
          aud: 'mediaworks',
          exp: now() + 60,
        };
        return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
      },
    ],
    ['with a token whose signature was cut off', async () => (await make()).replace(/\.[^.]*$/, '.')],
    ['with rubbish', () => 'rubbish.rubbish.rubbish'],
    ['with a token of 100 KB', () => 'x'.repeat(10_000)],
    ['with nothing after Bearer', () => 'Bearer '],
  ])('%s', async (_name, token) => {
    const answer = await ask({ authorization: await token() });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(await answer.json()).toMatchObject({
      status: 401,
      title: 'Unauthorized',
      error: expect.any(String),
    });
  });

  it('without a token', async () => {
    expect((await ask({})).status).toBe(401);
  });

  it('with a token in the query, even beside a good one', async () => {
    const answer = await ask(bearer(OPERATOR_TOKEN), `/api/jobs?access_token=${OPERATOR_TOKEN}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'token_in_query' });
  });

  it('when it has no secret of its own to be admin by', async () => {
    const plain = await tokenFor('mallory');
    expect((await fetch(`${gateway.url}/queues/`, { headers: bearer(plain) })).status).toBe(403);
  });
});

it('makes one row for a user that comes many times at once', async () => {
  const token = await tokenFor('newcomer');
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(bearer(token))));
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 200));
  const rows = await gateway.deps.db.selectFrom('users').select('id').where('uid', '=', 'newcomer').execute();
  expect(rows).toHaveLength(1);
});

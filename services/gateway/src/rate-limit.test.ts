import { afterEach, expect, it } from '@jest/globals';
import { bearer, type House, openHouse, type StartedGateway, tokenFor } from './testing/open-gateway.ts';

let house: House;
let gateways: StartedGateway[];

const open = async (count: number, overrides: Record<string, string>) => {
  house = await openHouse();
  gateways = await Promise.all(Array.from({ length: count }, () => house.start(overrides)));
};
afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop(1_000)));
  await house.close();
});

const LIMIT = 5;
const ask = (at: number, headers: Record<string, string>) =>
  fetch(`${gateways[at % gateways.length]?.url ?? ''}/api/jobs`, { headers });

it('counts a caller over all gateways, and tells when to come back', async () => {
  await open(2, { RATE_LIMIT: String(LIMIT) });
  const alice = bearer(await tokenFor('alice'));
  const answers = await Promise.all(Array.from({ length: 4 * LIMIT }, (_, i) => ask(i, alice)));
  const served = answers.filter((answer) => answer.status === 200);
  // A minute may begin in between, and with it a new count; each gateway for itself would serve twice as many again.
  expect([LIMIT, 2 * LIMIT]).toContain(served.length);
  const refused = answers.find((answer) => answer.status === 429);
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused?.json()).toMatchObject({
    status: 429,
    code: 'rate_limited',
    error: expect.any(String),
  });
  expect((await ask(0, bearer(await tokenFor('bob')))).status).toBe(200);
});

it('counts those whom nobody knows by their address', async () => {
  await open(1, { RATE_LIMIT: String(LIMIT) });
  const statuses = [];
  for (let i = 0; i < 3 * LIMIT; i++) statuses.push((await ask(i, bearer('wrong-token'))).status);
  expect(statuses.slice(0, LIMIT)).toEqual(Array.from({ length: LIMIT }, () => 401));
  expect(statuses).toContain(429);
});

it('counts by itself while Redis is away', async () => {
  await open(1, { RATE_LIMIT: String(LIMIT), REDIS_URL: 'redis://127.0.0.1:1' });
  const alice = bearer(await tokenFor('alice'));
  const statuses = [];
  for (let i = 0; i < 3 * LIMIT; i++) statuses.push((await ask(i, alice)).status);
  expect(statuses.slice(0, LIMIT)).toEqual(Array.from({ length: LIMIT }, () => 200));
  expect(statuses).toContain(429);
});

import { afterEach, expect, it } from '@jest/globals';
import { addJob, bearer, openGateway, OPERATOR_TOKEN, userIdOf } from './testing/open-gateway.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
afterEach(() => gateway.close());

const operator = bearer(OPERATOR_TOKEN);
const ask = (path: string, method = 'GET') => fetch(`${gateway.url}${path}`, { method, headers: operator });

it('accepts work while Redis is away, and is ready for it', async () => {
  gateway = await openGateway({ REDIS_URL: 'redis://127.0.0.1:1' });
  expect((await ask('/api/jobs')).status).toBe(200);
  const id = await addJob(gateway, await userIdOf(gateway, 'static-token'), 'failed');
  expect((await ask(`/api/jobs/${id}/retry`, 'POST')).status).toBe(202);
  expect((await ask(`/api/jobs/${id}/cancel`, 'POST')).status).toBe(200);
  const ready = await ask('/readyz');
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({
    ready: true,
    checks: { queue: 'down', database: 'ok', storage: 'ok' },
  });
  const health = await ask('/health');
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({
    status: 'degraded',
    queue: 'unavailable',
    database: 'connected',
  });
  const board = await ask('/queues/api/queues');
  expect(board.status).toBe(503);
  expect(await board.text()).not.toMatch(/127\.0\.0\.1|ioredis|at /);
});

it('says 503 and when to come back while Postgres is away', async () => {
  gateway = await openGateway({ DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' });
  const answer = await ask('/api/jobs');
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  const text = await answer.text();
  expect(JSON.parse(text)).toMatchObject({ code: 'database_unavailable' });
  expect(text).not.toContain('127.0.0.1');
  expect((await ask('/readyz')).status).toBe(503);
  expect((await ask('/health')).status).toBe(503);
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/metrics')).status).toBe(200);
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { transparentPng } from '@mediaworks/media/fixtures';
import { Redis } from 'ioredis';
import { listObjects } from './observe.ts';
import { openScene, type Scene } from '../scene.ts';

jest.setTimeout(180_000);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
}, 60_000);
afterAll(() => scene.close(), 60_000);

it('FLUSHALL with 300 jobs in all states: every one ends, none twice', async () => {
  const redis = new Redis(scene.redisUrl);
  const picture = join(scene.dataDir, 'picture.png');
  await writeFile(picture, await transparentPng());
  const upload = async () =>
    (await scene.client.upload<{ job_id: string }>('/api/media/upload/', picture)).job_id;
  const uploadMany = async (count: number) => {
    const ids: string[] = [];
    while (ids.length < count) {
      ids.push(...(await Promise.all(Array.from({ length: Math.min(10, count - ids.length) }, upload))));
    }
    return ids;
  };
  // Some that have ended: done, cancelled, and failed for good.
  const worker = await scene.startWorker({ WORKER_SLOTS: '2' });
  const done = await uploadMany(40);
  for (const id of done) await scene.client.follow(id, () => undefined);
  await worker.kill('SIGTERM');
  const cancelled = await uploadMany(20);
  for (const id of cancelled) await scene.client.request(`/api/jobs/${id}/cancel`, { method: 'POST' });

  // Some that wait out a backoff, the rest waiting their turn or in a worker's hands.
  const delayed = await uploadMany(40);
  await scene.query(`update jobs set next_run_at = now() + interval '5 s', attempt = 1 where id = any($1)`, [
    delayed,
  ]);
  const rest = await uploadMany(200);
  await scene.startWorker({ WORKER_SLOTS: '2' });
  await scene.startWorker({ WORKER_SLOTS: '2' });
  await scene.client.follow(rest[10] ?? '', () => undefined);
  await redis.flushall();
  redis.disconnect();

  for (const id of [...delayed, ...rest]) {
    expect((await scene.client.follow(id, () => undefined)).status).toBe('completed');
  }
  const statuses = await scene.query<{ status: string; jobs: number }>(
    'select status, count(*)::int as jobs from jobs group by status order by status',
  );
  expect(statuses).toEqual([
    { status: 'cancelled', jobs: 20 },
    { status: 'completed', jobs: 280 },
  ]);
  const [twice] = await scene.query<{ n: number }>(
    `select count(*)::int as n from (
       select job_id from job_attempts where outcome = 'completed' group by job_id having count(*) > 1) t`,
  );
  expect(twice?.n).toBe(0);
  const objects = await listObjects(scene);
  const expected = await scene.query<{ key: string }>(
    `select r.value ->> 'key' as key from jobs j, jsonb_each(j.result -> 'renditions') r where j.status = 'completed'`,
  );
  expect(objects.filter((key) => !key.startsWith('media/user_')).sort()).toEqual(
    expected.map((row) => row.key).sort(),
  );
});

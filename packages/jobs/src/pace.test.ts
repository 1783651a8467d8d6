import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RetryAfterError } from '@mediaworks/contracts';
import { openStage, type Stage, transcodeResult } from './testing/stage.ts';

const HOUR_MS = 3_600_000;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const limitedFor = () => stage.redis.pttl(`${stage.prefix}:media-transcoder:limiter`);

it('a paced queue gives its workers, all together, one job in the time', async () => {
  const handlers = { 'media.transcode': () => Promise.resolve(transcodeResult) };
  const workers = [1, 2].map(() => stage.startWorker(handlers, 4, () => HOUR_MS));
  const ids = await Promise.all([stage.submit(), stage.submit()]);
  const first = await Promise.race(ids.map((id) => stage.ended(id)));
  expect(first.status).toBe('completed');
  expect(await limitedFor()).toBeGreaterThan(HOUR_MS / 2);
  const other = ids.find((id) => id !== first.id) ?? '';
  expect(await stage.until(other, () => true)).toMatchObject({ status: 'queued', attempt: 0 });
  await Promise.all(workers.map((worker) => worker.stop(0)));
  await stage.redis.del(`${stage.prefix}:media-transcoder:limiter`);
});

it('and none while one of them was asked to wait', async () => {
  const handlers = {
    'media.transcode': () => Promise.reject(new RetryAfterError(HOUR_MS, 'busy', 'Come back later')),
  };
  stage.startWorker(handlers, 4, () => 1);
  const id = await stage.submit();
  await stage.until(id, (job) => job.attempts[0]?.error?.code === 'busy');
  // The pause of all is a minute at most, whatever one was told.
  while ((await limitedFor()) < 30_000) await new Promise((resolve) => setImmediate(resolve));
  expect(await limitedFor()).toBeLessThanOrEqual(60_000);
});

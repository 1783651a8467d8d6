import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { fullHdVideo } from '@mediaworks/media/fixtures';
import { listObjects, processesUnder, processing } from './observe.ts';
import { openScene, type Scene } from '../scene.ts';

jest.setTimeout(120_000);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
}, 60_000);
afterAll(() => scene.close(), 60_000);

it('kill -9 in the middle of a job: another worker finishes it once, with one set of outputs', async () => {
  const first = await scene.startWorker();
  const video = await fullHdVideo(scene.dataDir, 6);
  const item = await scene.client.upload<{ id: number; job_id: string }>('/api/media/upload/', video);
  await processing(scene, item.job_id);
  await first.kill('SIGKILL');
  await processesUnder(scene.dataDir).untilNone('ffmpeg');

  await scene.startWorker();
  const job = await scene.client.follow(item.job_id, () => undefined);
  expect(job).toMatchObject({ status: 'completed', run: 1, attempt: 1 });
  expect(job.attempts.map((attempt) => attempt.error?.code ?? null)).toEqual(['crashed', null]);

  const objects = await listObjects(scene);
  expect(objects).toHaveLength(new Set(objects).size);
  const renditions = Object.values(
    (job.result as { renditions: Record<string, { key: string }> }).renditions,
  );
  const kept = renditions.map((rendition) => rendition.key).sort();
  expect(objects.filter((key) => !key.startsWith('media/user_')).sort()).toEqual(kept);

  const { urls } = await scene.client.json<{ urls: Record<string, string> }>(`/api/media/${item.id}/`);
  for (const url of Object.values(urls)) expect((await scene.client.request(url)).status).toBe(200);
});

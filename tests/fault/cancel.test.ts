import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { fullHdVideo } from '@mediaworks/media/fixtures';
import { jobFolders, listObjects, processesUnder } from './observe.ts';
import { openScene, type Scene } from '../scene.ts';

jest.setTimeout(120_000);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
}, 60_000);
afterAll(() => scene.close(), 60_000);

it('cancel reaches a running ffmpeg within two seconds and leaves nothing of it', async () => {
  await scene.startWorker();
  const video = await fullHdVideo(scene.dataDir, 6);
  const item = await scene.client.upload<{ job_id: string }>('/api/media/upload/', video);
  const processes = processesUnder(scene.dataDir);
  await processes.untilSome('ffmpeg');

  const asked = Date.now();
  const answer = await scene.client.json<{ status: string }>(`/api/jobs/${item.job_id}/cancel`, {
    method: 'POST',
  });
  expect(answer.status).toBe('cancelled');
  await processes.untilNone('ffmpeg');
  expect(Date.now() - asked).toBeLessThan(2_000);
  await jobFolders(scene).untilNone();

  expect((await listObjects(scene)).filter((key) => !key.startsWith('media/user_'))).toEqual([]);
  const job = await scene.client.json(`/api/jobs/${item.job_id}`);
  expect(job).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' }, result: null });

  const again = await scene.client.upload<{ job_id: string }>(
    '/api/media/upload/',
    await fullHdVideo(scene.dataDir, 1),
  );
  expect(await scene.client.follow(again.job_id, () => undefined)).toMatchObject({ status: 'completed' });
});

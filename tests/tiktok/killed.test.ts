import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { TiktokDownload } from '@mediaworks/contracts';
import { makeProfile } from '@mediaworks/local-stack/tiktok';
import { jobFolders, listObjects, processesUnder } from '../fault/observe.ts';
import { openTiktokScene, type TiktokScene } from '../tiktok-scene.ts';

jest.setTimeout(180_000);

let scene: TiktokScene;
beforeAll(async () => {
  scene = await openTiktokScene();
}, 120_000);
afterAll(() => scene.close(), 60_000);

/** The yt-dlp of this scene, known by the proxy that it is given. */
const downloads = () => processesUnder(scene.site.proxyUrl);
const asked = async (part: string) => {
  while (!scene.site.requests.some((target) => target.includes(part))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
};

it('kill -9 in the middle of a download: yt-dlp dies too, another worker fetches it once, nothing is left', async () => {
  const profile = makeProfile('cool_student', 2, scene.ingredients);
  scene.site.profiles.set('cool_student', profile);
  await scene.link('one', 'cool_student');
  const first = await scene.startIngester({ WORKER_SLOTS: '1' });
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (release = resolve));
  scene.site.fail('.mp4', { hold: { after: 5_000, until }, times: 1 });
  const { job_id } = await scene.download<TiktokDownload>('one');
  await asked('.mp4');
  await downloads().untilSome('python');
  await first.kill('SIGKILL');
  await downloads().untilNone('python');
  release();

  await scene.startIngester({ WORKER_SLOTS: '1' });
  const job = await scene.client.follow(job_id, () => undefined);
  expect(job).toMatchObject({ status: 'completed', children: { completed: 2, failed: 0 } });
  const tries = await scene.query<{ outcome: string }>(
    `select a.outcome from job_attempts a join jobs j on j.id = a.job_id where j.parent_id = $1 order by 1`,
    [job_id],
  );
  expect(tries.map(({ outcome }) => outcome)).toEqual(['completed', 'completed', 'crashed']);
  const keys = profile.posts.flatMap(({ id }) =>
    ['jpg', 'mp4'].map((end) => `tiktok/cool_student/${id}.${end}`),
  );
  expect((await listObjects(scene)).sort()).toEqual(keys.sort());
  await jobFolders(scene).untilNone();
});

it('a cancelled run ends the yt-dlp that works for it at once', async () => {
  scene.site.profiles.set('slow_student', makeProfile('slow_student', 1, scene.ingredients));
  await scene.link('two', 'slow_student');
  scene.site.requests.length = 0;
  scene.site.fail('.mp4', { hold: { after: 5_000, until: new Promise(() => undefined) } });
  const { job_id } = await scene.download<TiktokDownload>('two');
  await asked('.mp4');
  await downloads().untilSome('python');
  await scene.client.request(`/api/jobs/${job_id}/cancel`, { method: 'POST' });
  await downloads().untilNone('python');
  await jobFolders(scene).untilNone();
  expect(await scene.client.json(`/api/jobs/${job_id}`)).toMatchObject({
    status: 'cancelled',
    children: { cancelled: 1 },
  });
});

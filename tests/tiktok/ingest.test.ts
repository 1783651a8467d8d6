import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import type { TiktokDownload, TiktokVideoView } from '@mediaworks/contracts';
import { makeProfile } from '@mediaworks/local-stack/tiktok';
import { listObjects } from '../fault/observe.ts';
import { openTiktokScene, type TiktokScene } from '../tiktok-scene.ts';

jest.setTimeout(180_000);

let scene: TiktokScene;
beforeAll(async () => {
  scene = await openTiktokScene();
  await scene.startIngester({ WORKER_SLOTS: '2' });
}, 120_000);
afterAll(() => scene.close(), 60_000);
afterEach(() => {
  scene.site.mend();
  scene.site.requests.length = 0;
});

const addProfile = async (username: string, posts: number, change?: Parameters<typeof makeProfile>[3]) => {
  const profile = makeProfile(username, posts, scene.ingredients, change);
  scene.site.profiles.set(username, profile);
  await scene.link(`student of ${username}`, username);
  return { ...profile, student: `student of ${username}`, ids: profile.posts.map(({ id }) => id) };
};
const fetched = () =>
  scene.site.requests
    .filter((target) => target.includes('.mp4'))
    .map((target) => /(\d+)\.mp4/.exec(target)?.[1]);
const idsOf = ({ videos }: { videos: readonly TiktokVideoView[] }) => videos.map(({ video_id }) => video_id);

it('fetches the first videos of a profile, keeps them with all that is known, and leaves nothing behind', async () => {
  const { student, ids } = await addProfile('cool_student', 4);
  const { job_id } = await scene.download<TiktokDownload>(student, '?max_videos=3');
  const stages = new Set<string>();
  const job = await scene.client.follow(job_id, ({ progress }) => void stages.add(progress.stage));
  expect(job).toMatchObject({ status: 'completed', children: { completed: 3, failed: 0 } });
  expect([...stages].some((stage) => /^\d of 3, \d+%$/.test(stage))).toBe(true);

  const path = `/tiktok/student/${encodeURIComponent(student)}/videos`;
  const list = await scene.client.json<{ videos: TiktokVideoView[]; count: number }>(path);
  expect(idsOf(list)).toEqual(ids.slice(0, 3));
  const [video] = list.videos;
  expect(video).toMatchObject({
    title: 'Video 1 of cool_student #school',
    uploader: 'cool_student',
    resolution: '144x256',
    size: scene.ingredients.video.length,
    checksum: createHash('sha256').update(scene.ingredients.video).digest('hex'),
    uploaded_at: '2024-06-01T00:00:00.000Z',
    sound: { title: 'a sound', artist: 'An artist', album: 'An album' },
  });
  const bytes = Buffer.from(await (await fetch(video?.local_path ?? '')).arrayBuffer());
  expect(bytes.equals(scene.ingredients.video)).toBe(true);
  expect((await fetch(video?.thumbnail_url ?? '')).headers.get('content-type')).toBe('image/jpeg');
  const keys = ids
    .slice(0, 3)
    .flatMap((id) => ['jpg', 'mp4'].map((end) => `tiktok/cool_student/${id}.${end}`));
  expect((await listObjects(scene)).sort()).toEqual(keys.sort());
});

it('fetches nothing again that is kept, and keeps what vanished', async () => {
  const profile = await addProfile('steady_student', 3);
  const { student, ids } = profile;
  await scene.download(student, '?max_videos=2', 'wait=120');
  scene.site.requests.length = 0;
  scene.site.profiles.set('steady_student', { ...profile, posts: profile.posts.slice(1) });

  const again = await scene.download<TiktokDownload>(student, '?max_videos=2', 'wait=120');
  expect(fetched()).toEqual([ids[2]]);
  expect(again).toMatchObject({ success: true, status: 'completed', count: 2 });
  expect(idsOf(again)).toEqual(ids.slice(1));
  const path = `/tiktok/student/${encodeURIComponent(student)}/videos`;
  expect(idsOf(await scene.client.json(path))).toEqual(ids);

  scene.site.requests.length = 0;
  await scene.download(student, '?max_videos=2&force=true', 'wait=120');
  expect(fetched().sort()).toEqual(ids.slice(1).sort());
});

it('chooses by a seed, which always chooses the same', async () => {
  const { student, ids } = await addProfile('busy_student', 40);
  const query = '?max_videos=3&random_selection=true&seed=spring';
  const first = await scene.download<TiktokDownload>(student, query, 'wait=120');
  expect(first.count).toBe(3);
  expect(idsOf(first)).not.toEqual(ids.slice(0, 3));
  scene.site.requests.length = 0;
  expect(idsOf(await scene.download<TiktokDownload>(student, query, 'wait=120'))).toEqual(idsOf(first));
  expect(fetched()).toEqual([]);
});

it('brings the others when one is gone, and says which and why', async () => {
  const { student, ids } = await addProfile('other_student', 3, (_post, index) =>
    index === 1 ? { statusCode: 10204 } : {},
  );
  const answer = await scene.download<TiktokDownload>(student, '?max_videos=3', 'wait=120');
  expect(answer).toMatchObject({
    success: true,
    count: 2,
    message: 'Downloaded 2 of 3 videos',
    failed: [{ video_id: ids[1], error: { code: 'video_removed', retryable: false } }],
  });
});

it('says of an account that is private that it is, with the yt-dlp that found out', async () => {
  const profile = await addProfile('private_student', 3);
  scene.site.profiles.set('private_student', { ...profile, statusCode: 10222 });
  const call = scene.download(profile.student, '', 'wait=120');
  await expect(call).rejects.toThrow(/answered 422.*profile_private/);
  await expect(call).rejects.toThrow(/yt-dlp \d{4}\.\d\d\.\d\d/);
  const health = await scene.client.json<{ ytdlp: string }>('/health');
  expect(health.ytdlp).toMatch(/^yt-dlp \d{4}\.\d\d\.\d\d/);
});

it('leaves TikTok alone when it asks for that, all replicas together, and comes back', async () => {
  const { student } = await addProfile('polite_student', 3);
  const second = await scene.startIngester({ WORKER_SLOTS: '2' });
  scene.site.fail('.mp4', { status: 429, headers: { 'Retry-After': '3' }, body: '', times: 1 });
  const answer = await scene.download<TiktokDownload>(student, '?max_videos=3', 'wait=120');
  expect(answer).toMatchObject({ success: true, count: 3, failed: [] });
  const tries = await scene.query<{ outcome: string; error: { code: string } | null }>(
    `select a.outcome, a.error from job_attempts a join jobs j on j.id = a.job_id
     where j.parent_id = $1 and a.outcome <> 'completed'`,
    [answer.job_id],
  );
  expect(tries).toMatchObject([{ outcome: 'released', error: { code: 'rate_limited' } }]);
  await second.kill('SIGTERM');
});

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { TiktokDownload } from '@mediaworks/contracts';
import { startSupabaseDouble, type SupabaseDouble } from '@mediaworks/local-stack/supabase';
import { createEmptyDatabase } from '@mediaworks/local-stack/testing';
import { makeProfile } from '@mediaworks/local-stack/tiktok';
import { listObjects } from '../fault/observe.ts';
import { openTiktokScene, type TiktokScene } from '../tiktok-scene.ts';

jest.setTimeout(120_000);

let scene: TiktokScene;
let supabase: SupabaseDouble;
let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
beforeAll(async () => {
  database = await createEmptyDatabase();
  supabase = await startSupabaseDouble(database.databaseUrl);
  scene = await openTiktokScene({
    SUPABASE_URL: supabase.url,
    SUPABASE_SERVICE_ROLE_KEY: supabase.serviceRoleKey,
  });
  await scene.startIngester({ WORKER_SLOTS: '2' });
}, 120_000);
afterAll(async () => {
  await scene.close();
  await supabase.stop();
  await database.drop();
}, 60_000);

it('with Supabase set, videos and rows go there and nowhere else', async () => {
  const profile = makeProfile('cool_student', 2, scene.ingredients);
  scene.site.profiles.set('cool_student', profile);
  await scene.link('one', 'cool_student');
  const answer = await scene.download<TiktokDownload>('one', '?max_videos=2', 'wait=100');
  expect(answer).toMatchObject({ success: true, count: 2, failed: [] });
  const keys = profile.posts.flatMap(({ id }) =>
    ['jpg', 'mp4'].map((end) => `tiktok-videos/tiktok/cool_student/${id}.${end}`),
  );
  expect([...supabase.objects.keys()].sort()).toEqual(keys.sort());
  expect(await listObjects(scene)).toEqual([]);
  expect(await scene.query('select * from tiktok_videos')).toEqual([]);
  const address = answer.videos[0]?.local_path ?? '';
  expect(address.startsWith(`${supabase.url}/storage/v1/object/sign/`)).toBe(true);
  expect(Buffer.from(await (await fetch(address)).arrayBuffer()).equals(scene.ingredients.video)).toBe(true);
});

it('a bucket that somebody removed fails each video with what to do, and the run goes on', async () => {
  scene.site.profiles.set('late_student', makeProfile('late_student', 1, scene.ingredients));
  await scene.link('two', 'late_student');
  const reply = {
    status: 400,
    body: { statusCode: '404', error: 'Bucket not found', message: 'Bucket not found' },
  };
  supabase.fail('POST /storage/v1/object/tiktok-videos', { reply });
  const answer = await scene.download<TiktokDownload>('two', '', 'wait=100');
  expect(answer).toMatchObject({
    success: false,
    count: 0,
    failed: [{ error: { code: 'bucket_missing', message: expect.stringContaining('Bucket not found') } }],
  });
});

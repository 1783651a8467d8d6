import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { MediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { png } from '../media/testing/samples.ts';
import { photoCleanup } from './cleanup.ts';
import {
  addPerson,
  beginEnrolment,
  bring,
  endEnrolment,
  endPhotos,
  face,
  logOf,
  photo,
} from './testing/photo-scene.ts';

const DAY_MS = 86_400_000;

let stage: MediaStage;
let anna: MediaClient;

beforeAll(async () => {
  stage = await openMediaStage();
  anna = stage.as('anna');
});
afterAll(() => stage.close());
afterEach(() => stage.wipe());

const clean = (orphanAgeMs?: number) =>
  photoCleanup({
    ...{ db: stage.db, store: stage.store, nudge: () => undefined, retentionMs: 7 * DAY_MS },
    ...(orphanAgeMs === undefined ? {} : { orphanAgeMs }),
  }).work(new AbortController().signal, () => Promise.resolve());

const age = (batchId: string, days: number) =>
  sql`update photos set received_at = now() - ${days} * interval '1 day' where batch_id = ${batchId}`.execute(
    stage.db,
  );

test('photos go after their time, with what was found out about strangers; the log stays', async () => {
  const john = await addPerson(anna, 'John');
  await endEnrolment(stage, await beginEnrolment(stage, anna, john.id));
  const old = await bring(anna, [photo('a.jpg'), photo('b.jpg')]);
  await endPhotos(stage, old.batch_id, [[face([john.id, 90])], [face()]]);
  const fresh = await bring(anna, [photo('c.jpg')]);
  await endPhotos(stage, fresh.batch_id, [[face()]]);
  const waiting = await bring(anna, [photo('d.jpg')]);
  for (const { batch_id } of [old, waiting]) await age(batch_id, 8);
  await age(fresh.batch_id, 6);

  const before = await logOf(anna, old.batch_id);
  expect(await clean()).toEqual({ old: 2, abandoned: 0, orphans: 0 });
  expect(await logOf(anna, old.batch_id)).toEqual(before);
  expect(await stage.count('photo_faces')).toBe(1);
  expect(await stage.count('face_embeddings')).toBe(1);
  const [purge] = await stage.db
    .selectFrom('jobs')
    .select('input')
    .where('type', '=', 'photos.purge')
    .execute();
  expect((purge?.input as { keys: string[] }).keys).toHaveLength(2);
  expect(await clean()).toEqual({ old: 0, abandoned: 0, orphans: 0 });
  // Whatever the job does not get to remove, is an orphan.
  expect(await clean(0)).toMatchObject({ orphans: 2 });
  expect(await stage.keys()).toHaveLength(3);
});

test('enrolments that came to nothing while nobody waited go after a day', async () => {
  const john = await addPerson(anna, 'John');
  const failed = await beginEnrolment(stage, anna, john.id);
  await stage.finish(failed, { error: { code: 'no_face', message: 'There is no face', retryable: false } });
  await beginEnrolment(stage, anna, john.id);
  expect(await clean()).toMatchObject({ abandoned: 0 });
  await sql`update jobs set finished_at = now() - interval '2 days' where id = ${failed.job_id}`.execute(
    stage.db,
  );
  expect(await clean()).toMatchObject({ abandoned: 1 });
  expect(await stage.keys()).toHaveLength(1);
  expect(await stage.count('person_photos')).toBe(1);
});

test('objects that no row names go, and those alone', async () => {
  await bring(anna, [photo('a.jpg')]);
  for (const folder of ['photos', 'persons', 'verify']) {
    await stage.store.put(`${folder}/user_1/${randomUUID()}_x.png`, png, { contentType: 'image/png' });
  }
  await stage.store.put('videos/another/domain.mp4', png, { contentType: 'video/mp4' });
  expect(await clean()).toMatchObject({ orphans: 0 });
  expect(await clean(0)).toMatchObject({ orphans: 3 });
  expect(await stage.keys()).toHaveLength(2);
});

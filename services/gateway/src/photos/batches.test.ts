import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { batchList, photosHealth } from '@mediaworks/contracts';
import type { MediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { png } from '../media/testing/samples.ts';
import {
  addPerson,
  bring,
  endPhotos,
  face,
  LATER,
  logOf,
  nextJob,
  photo,
  RECOGNIZE,
} from './testing/photo-scene.ts';

const LOGS = '/api/batch-photos/logs';
const LOG_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;

let stage: MediaStage;
let anna: MediaClient;
let bert: MediaClient;
let root: MediaClient;

beforeAll(async () => {
  stage = await openMediaStage();
  anna = stage.as('anna');
  bert = stage.as('bert');
  root = stage.as('root');
});
afterAll(() => stage.close());
afterEach(() => stage.wipe());

/** John on one photo, Jane on another, nobody on the third. */
async function threePhotos(client = anna) {
  const john = await addPerson(client, 'John Doe');
  const jane = await addPerson(client, 'Jane Smith');
  const batch = await bring(client, [photo('photo1.jpg'), photo('photo2.jpg'), photo('photo3.jpg')]);
  await endPhotos(stage, batch.batch_id, [
    [face([john.id, 85.5], [jane.id, 12.3])],
    [face([jane.id, 71.5])],
    [],
  ]);
  return { id: batch.batch_id, john, jane };
}

describe('a batch', () => {
  test('is answered in the words of the seed once every photo was looked at', async () => {
    const john = await addPerson(anna, 'John Doe');
    const written = nextJob(stage);
    const answered = anna.uploadTo(RECOGNIZE, [photo('a.jpg'), photo('b.jpg')], {}, { prefer: 'wait=30' });
    await written;
    const { id } = await stage.db.selectFrom('photo_batches').select('id').executeTakeFirstOrThrow();
    await endPhotos(stage, id, [[face([john.id, 80])], []]);
    const { status, body, headers } = await answered;
    expect(status).toBe(200);
    expect(headers.get('preference-applied')).toBe('wait=30');
    expect(headers.get('location')).toBe(`https://media.example${LOGS}/${id}`);
    expect(id).toMatch(/^\d{8}_\d{6}_\d{4,}$/);
    expect(body).toEqual({
      success: true,
      batch_id: id,
      total_uploaded: 2,
      total_processed: 2,
      summary: {
        total_photos: 2,
        recognized_count: 1,
        unrecognized_count: 1,
        recognition_rate: 50,
        unique_persons: 1,
        persons_list: ['John Doe'],
        avg_confidence: 80,
      },
      message: 'Processed 2 photos. Check batch log for details.',
      log_url: `${LOGS}/${id}`,
      status: 'completed',
      job_id: expect.any(String),
    });
  });

  test('that takes longer is answered with what is done so far', async () => {
    const john = await addPerson(anna, 'John Doe');
    const written = nextJob(stage);
    const answered = anna.uploadTo(
      RECOGNIZE,
      [photo('a.jpg'), photo('b.jpg'), photo('c.jpg')],
      {},
      {
        prefer: 'wait=1',
      },
    );
    await written;
    const { id } = await stage.db.selectFrom('photo_batches').select('id').executeTakeFirstOrThrow();
    await endPhotos(stage, id, [[face([john.id, 80])]]);
    expect(await answered).toMatchObject({
      status: 202,
      body: {
        success: true,
        status: 'processing',
        total_uploaded: 3,
        total_processed: 1,
        summary: { total_photos: 3, recognized_count: 1, unrecognized_count: 0, recognition_rate: 100 },
        message: 'Processed 1 of 3 photos so far. Check batch log for details.',
      },
    });
  });

  test('is a job with a child a photo, all the caller’s', async () => {
    const { job_id } = await bring(anna, [photo('a.jpg'), photo('b.jpg')]);
    expect(await anna.get(`/api/jobs/${job_id}`)).toMatchObject({
      status: 200,
      body: { type: 'photos.batch', children: { queued: 2 } },
    });
    expect((await bert.get(`/api/jobs/${job_id}`)).status).toBe(404);
  });

  test('comes once with one Idempotency-Key', async () => {
    const send = (bytes: Buffer, threshold = '50') =>
      anna.uploadTo(RECOGNIZE, [photo('a.jpg', bytes)], { threshold }, { ...LATER, 'idempotency-key': 'k1' });
    const first = await send(png);
    const again = await send(png);
    expect(again.body).toEqual(first.body);
    expect((await send(png, '60')).status).toBe(409);
    expect(await stage.keys()).toHaveLength(1);
    expect(await stage.count('photo_batches')).toBe(1);
  });

  test('recognises by the threshold that was asked for', async () => {
    const john = await addPerson(anna, 'John');
    const parts = [photo('a.jpg')];
    const strict = await bring(anna, parts, { threshold: '90' });
    const { body } = await anna.uploadTo(`${RECOGNIZE}?threshold=20`, parts, {}, LATER);
    const lax = (body as { batch_id: string }).batch_id;
    for (const id of [strict.batch_id, lax]) await endPhotos(stage, id, [[face([john.id, 60])]]);
    expect((await logOf(anna, strict.batch_id)).summary).toMatchObject({
      recognized_count: 0,
      avg_confidence: 0,
    });
    expect((await logOf(anna, lax)).summary).toMatchObject({ recognized_count: 1, avg_confidence: 60 });
  });

  test('that is cancelled says so', async () => {
    const { job_id, batch_id } = await bring(anna, [photo('a.jpg'), photo('b.jpg')]);
    await endPhotos(stage, batch_id, [[]]);
    expect((await anna.postJson(`/api/jobs/${job_id}/cancel`, {})).status).toBe(200);
    const { status, entries } = await logOf(anna, batch_id);
    expect(status).toBe('cancelled');
    expect(entries.map((entry) => entry.status)).toEqual(['completed', 'cancelled']);
    expect(entries[1]?.error?.code).toBe('cancelled');
  });
});

describe('the log', () => {
  test('tells of every photo as the seed does, in upload order', async () => {
    const { id } = await threePhotos();
    const { entries, summary, total_photos, status } = await logOf(anna, id);
    expect({ total_photos, status }).toEqual({ total_photos: 3, status: 'completed' });
    expect(summary).toEqual({
      total_photos: 3,
      recognized_count: 2,
      unrecognized_count: 1,
      recognition_rate: 66.67,
      unique_persons: 2,
      persons_list: ['John Doe', 'Jane Smith'],
      avg_confidence: 78.5,
    });
    expect(entries.map(({ filename }) => filename)).toEqual(['photo1.jpg', 'photo2.jpg', 'photo3.jpg']);
    expect(entries[0]).toMatchObject({
      timestamp: expect.stringMatching(LOG_TIME),
      batch_id: id,
      domain: '127.0.0.1',
      recognized: true,
      primary_result: { person: 'John Doe', confidence: 85.5 },
      top_3_matches: [
        { rank: 1, person: 'John Doe', confidence: 85.5 },
        { rank: 2, person: 'Jane Smith', confidence: 12.3 },
      ],
      metadata: { face_count: 1, processing_time_ms: 100, has_multiple_faces: false },
      error: null,
    });
    expect(entries[2]).toMatchObject({
      recognized: false,
      primary_result: { person: 'Unknown', confidence: null },
      top_3_matches: [],
      metadata: { face_count: 0, processing_time_ms: 102 },
    });
  });

  test('shows the best three below the cut too, as Unknown', async () => {
    const john = await addPerson(anna, 'John');
    const { batch_id } = await bring(anna, [photo('a.jpg')]);
    await endPhotos(stage, batch_id, [[face([john.id, 31])]]);
    expect((await logOf(anna, batch_id)).entries[0]).toMatchObject({
      recognized: false,
      primary_result: { person: 'Unknown', confidence: null },
      top_3_matches: [{ rank: 1, person: 'John', confidence: 31 }],
    });
  });

  test('tells those first that are nearer, where the percentages are the same', async () => {
    const persons = [await addPerson(anna, 'A'), await addPerson(anna, 'B'), await addPerson(anna, 'C')];
    const similarities = [0.91, 0.97, 0.93];
    const { batch_id } = await bring(anna, [photo('a.jpg')]);
    const matches = persons.map(({ id }, n): [string, number, number] => [id, 99.9, similarities[n] ?? 0]);
    await endPhotos(stage, batch_id, [[face(...matches)]]);
    const [entry] = (await logOf(anna, batch_id)).entries;
    expect(entry?.top_3_matches.map(({ person }) => person)).toEqual(['B', 'C', 'A']);
    expect(entry?.primary_result.person).toBe('B');
  });

  test('of several faces names the most prominent one that is known, and tells of each', async () => {
    const john = await addPerson(anna, 'John');
    const jane = await addPerson(anna, 'Jane');
    const { batch_id } = await bring(anna, [photo('a.jpg')]);
    await endPhotos(stage, batch_id, [[face([john.id, 20]), face([jane.id, 90]), face([john.id, 60])]]);
    const { entries, summary } = await logOf(anna, batch_id);
    expect(entries[0]).toMatchObject({
      primary_result: { person: 'Jane', confidence: 90 },
      metadata: { face_count: 3, has_multiple_faces: true },
      faces: [
        { recognized: false, person: 'Unknown', confidence: null, top_3_matches: [{ person: 'John' }] },
        { recognized: true, person: 'Jane', confidence: 90 },
        { recognized: true, person: 'John', confidence: 60, box: { x: 10, y: 20, w: 30, h: 40 } },
      ],
    });
    expect(summary).toMatchObject({ unique_persons: 2, persons_list: ['Jane', 'John'], avg_confidence: 90 });
  });

  test('of a photo that could not be read holds the reason, and the others go on', async () => {
    const { batch_id } = await bring(anna, [photo('a.jpg'), photo('b.jpg')]);
    await endPhotos(stage, batch_id, [
      { code: 'corrupt_media', message: 'The photo is damaged', retryable: false },
      [face()],
    ]);
    const { entries, summary } = await logOf(anna, batch_id);
    expect(entries[0]).toMatchObject({
      status: 'failed',
      error: { code: 'corrupt_media', message: 'The photo is damaged' },
    });
    expect(entries[1]).toMatchObject({ status: 'completed', error: null });
    expect(summary).toMatchObject({ recognized_count: 0, unrecognized_count: 2 });
  });

  test('is its owner’s and the administrators’', async () => {
    const { id } = await threePhotos();
    for (const path of [`${LOGS}/${id}`, `${LOGS}/${id}/export`, `${LOGS}/${id}/unknowns`]) {
      expect(await bert.get(path)).toMatchObject({
        status: 404,
        body: { success: false, error: 'Batch not found', code: 'not_found' },
      });
    }
    expect((await root.get(`${LOGS}/${id}`)).status).toBe(200);
    expect((await anna.get(`${LOGS}/20200101_000000_0000`)).status).toBe(404);
    expect((await anna.get(`${LOGS}/..%2f..%2fetc`)).status).toBe(404);
  });

  test('needs a token, bare or with its scheme', async () => {
    const response = await fetch(`${stage.url}${LOGS}`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ success: false, error: expect.any(String) });
  });
});

test('the CSV holds the columns of the seed, and no formula', async () => {
  const evil = await addPerson(anna, '=cmd|calc');
  const { batch_id } = await bring(anna, [photo('@a,b.jpg'), photo('plain.jpg')]);
  await endPhotos(stage, batch_id, [[face([evil.id, 85.5])], []]);
  const { headers, bytes } = await anna.getBytes(`${LOGS}/${batch_id}/export`);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(headers.get('content-disposition')).toBe(`attachment; filename="${batch_id}.csv"`);
  const [head = '', first = '', second = ''] = bytes.toString().split('\r\n');
  expect(head).toBe(
    '\ufeffTimestamp,Filename,Domain,Recognized,Primary Person,Primary Confidence (%),Match #1 Person,' +
      'Match #1 Confidence (%),Match #2 Person,Match #2 Confidence (%),Match #3 Person,Match #3 Confidence (%),' +
      'Face Count,Processing Time (ms)',
  );
  expect(first.slice(27)).toBe(`"'@a,b.jpg",127.0.0.1,Yes,'=cmd|calc,85.5,'=cmd|calc,85.5,,,,,1,100`);
  expect(second.slice(27)).toBe('plain.jpg,127.0.0.1,No,Unknown,,,,,,,,0,101');
});

describe('the list', () => {
  test('is newest first, with as many as asked for', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.unshift((await bring(anna, [photo(name)])).batch_id);
    await bring(bert, [photo('x')]);
    const { body } = await anna.get(`${LOGS}?limit=2`);
    const list = batchList.parse(body);
    expect(list).toMatchObject({ success: true, total: 2, total_available: 3 });
    expect(list.batches.map(({ batch_id }) => batch_id)).toEqual(ids.slice(0, 2));
    expect(list.batches[0]).toMatchObject({ total_photos: 1, status: 'processing' });
    expect((await anna.get(`${LOGS}?limit=0`)).status).toBe(400);
    expect((await anna.get(`${LOGS}?limit=1000000`)).status).toBe(200);
    expect(batchList.parse((await root.get(LOGS)).body).total_available).toBe(4);
  });

  test('of somebody new is empty', async () => {
    expect((await stage.as('newcomer').get(LOGS)).body).toEqual({
      ...{ success: true, total: 0, total_available: 0, batches: [] },
    });
  });
});

describe('deleting', () => {
  test('removes the rows and the photos, and cancels what goes on', async () => {
    const { batch_id, job_id } = await bring(anna, [photo('a.jpg'), photo('b.jpg')]);
    await endPhotos(stage, batch_id, [[face()]]);
    expect((await bert.remove(`${LOGS}/${batch_id}`)).status).toBe(404);
    expect(await anna.remove(`${LOGS}/${batch_id}`)).toMatchObject({
      status: 200,
      body: { success: true, message: `Batch ${batch_id} deleted successfully` },
    });
    expect(await stage.keys()).toEqual([]);
    expect((await anna.get(`${LOGS}/${batch_id}`)).status).toBe(404);
    expect((await anna.remove(`${LOGS}/${batch_id}`)).status).toBe(404);
    for (const table of ['photos', 'photo_faces'] as const) expect(await stage.count(table)).toBe(0);
    const jobs = await stage.db
      .selectFrom('jobs')
      .select(['status', 'result'])
      .where('parent_id', '=', job_id)
      .orderBy('status')
      .execute();
    expect(jobs).toEqual([
      { status: 'cancelled', result: null },
      { status: 'completed', result: null },
    ]);
  });
});

test('health is open to all and tells the endpoints', async () => {
  const response = await fetch(`${stage.url}/api/batch-photos/health`);
  expect(response.status).toBe(200);
  expect(photosHealth.parse(await response.json())).toMatchObject({
    ...{ status: 'healthy', service: 'batch_photo_recognition', version: 'v1', log_directory_exists: true },
    endpoints: expect.arrayContaining(['POST /api/batch-photos/recognize']),
  });
});

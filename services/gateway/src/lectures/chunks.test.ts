import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type LectureAccepted, lectureAccepted, lectureInput } from '@mediaworks/contracts';
import { sql } from 'kysely';
import { readGatewayEnv } from '../env.ts';
import type { MediaClient } from '../media/testing/media-client.ts';
import { mediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage, tokenOf } from '../media/testing/media-stage.ts';
import { mp4, png } from '../media/testing/samples.ts';
import { startGateway } from '../start-gateway.ts';

const KB = 1_024;

let stage: MediaStage;
let anna: MediaClient;
let bert: MediaClient;

beforeAll(async () => {
  stage = await openMediaStage({ MAX_LECTURE_BYTES: '1MB' });
  anna = stage.as('anna');
  bert = stage.as('bert');
});
afterAll(() => stage.close());
afterEach(async () => {
  jest.restoreAllMocks();
  await stage.wipe();
});

const video = mp4(250 * KB);
const cut = (bytes: Buffer, size = 100 * KB) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

const send = (
  client: MediaClient,
  bytes: Uint8Array,
  index: number | string,
  total: number | string = 3,
  fileId = 'file-1',
) =>
  client.uploadTo(
    '/upload-chunk',
    { name: 'chunk', filename: 'blob', bytes },
    {
      chunk_index: String(index),
      total_chunks: String(total),
      file_id: fileId,
      original_filename: 'lecture.mp4',
    },
  );
const sendAll = async (client: MediaClient, bytes = video, fileId = 'file-1') => {
  const chunks = cut(bytes);
  const answers = await Promise.all(chunks.map((chunk, i) => send(client, chunk, i, chunks.length, fileId)));
  expect(answers.map(({ status }) => status)).toEqual(chunks.map(() => 200));
};
const assembly = (changes: object = {}) => ({
  file_id: 'file-1',
  total_chunks: 3,
  original_filename: 'lecture.mp4',
  ...changes,
});
const assemble = (client: MediaClient, changes: object = {}, headers: Record<string, string> = {}) =>
  client.postJson('/assemble-file', assembly(changes), headers);
const assembled = async (client: MediaClient, changes: object = {}): Promise<LectureAccepted> => {
  const { status, body } = await assemble(client, changes);
  expect({ status, body }).toMatchObject({ status: 200 });
  return lectureAccepted.parse(body);
};
const bytesAt = async (key: string) => {
  const chunks: Buffer[] = [];
  for await (const chunk of await stage.store.get(key)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
const left = async () => ({
  lectures: await stage.count('lectures'),
  parts: await stage.count('staged_parts'),
  objects: (await stage.keys()).length,
});

test('a chunk is answered in the seed’s fields', async () => {
  const { status, body } = await send(anna, cut(video)[0] ?? video, 0);
  expect(status).toBe(200);
  expect(body).toEqual({
    chunk_index: 0,
    total_chunks: 3,
    file_id: 'file-1',
    chunk_size: 100 * KB,
    message: expect.any(String),
  });
});

test('chunks in any order become the video, and leave nothing else', async () => {
  const chunks = cut(video);
  for (const i of [2, 0, 1]) await send(anna, chunks[i] ?? video, i);
  const lecture = await assembled(anna, { layout: 'slides-only' });
  expect(lecture.s3_key).toBe(`videos/${lecture.video_id}/lecture.mp4`);
  expect(await stage.keys()).toEqual([lecture.s3_key]);
  expect(await bytesAt(lecture.s3_key)).toEqual(video);
  const job = await stage.db
    .selectFrom('jobs')
    .selectAll()
    .where('id', '=', lecture.job_id)
    .executeTakeFirstOrThrow();
  expect(lectureInput.parse(job.input)).toMatchObject({ layout: 'slides-only', video_key: lecture.s3_key });
  expect((await anna.get(`/status/${lecture.video_id}`)).body).toMatchObject({
    status: 'in_queue',
    file_size: video.length,
  });
});

test('a chunk that comes again takes the place of the first', async () => {
  const chunks = cut(video);
  await send(anna, randomBytes(100 * KB), 1);
  await sendAll(anna);
  await send(anna, chunks[0] ?? video, 0);
  const lecture = await assembled(anna);
  expect(await bytesAt(lecture.s3_key)).toEqual(video);
  expect(await left()).toEqual({ lectures: 1, parts: 0, objects: 1 });
});

test('missing chunks are named, and can be sent then', async () => {
  const chunks = cut(video);
  expect(await assemble(anna)).toMatchObject({ status: 400, body: { missing_chunks: [0, 1, 2] } });
  await send(anna, chunks[1] ?? video, 1);
  const { status, body } = await assemble(anna);
  expect(status).toBe(400);
  expect(body).toMatchObject({ error: 'Missing chunks', missing_chunks: [0, 2], code: 'missing_chunks' });
  await sendAll(anna);
  expect(await assemble(anna, { total_chunks: 2 })).toMatchObject({
    status: 400,
    body: { code: 'too_many_chunks' },
  });
  await assembled(anna);
});

describe('assembling', () => {
  test('is done once, however many ask for it', async () => {
    await sendAll(anna);
    const answers = await Promise.all(Array.from({ length: 5 }, () => assembled(anna)));
    expect(new Set(answers.map(({ video_id }) => video_id)).size).toBe(1);
    expect(await assembled(anna)).toEqual(answers[0]);
    expect(await left()).toEqual({ lectures: 1, parts: 0, objects: 1 });
  });

  test('is done once by several gateways', async () => {
    const other = await startGateway(readGatewayEnv(stage.source), stage.log);
    try {
      const there = mediaClient(other.url, tokenOf('anna'));
      const chunks = cut(video);
      await Promise.all(chunks.map((chunk, i) => send(i === 1 ? there : anna, chunk, i)));
      const answers = await Promise.all([
        assembled(anna),
        assembled(there),
        assembled(anna),
        assembled(there),
      ]);
      expect(new Set(answers.map(({ video_id }) => video_id)).size).toBe(1);
      expect(await bytesAt(answers[0]?.s3_key ?? '')).toEqual(video);
      expect(await left()).toEqual({ lectures: 1, parts: 0, objects: 1 });
    } finally {
      await other.stop(0);
    }
  });

  test('that failed can be asked for again', async () => {
    await sendAll(anna);
    await stage.refuse('lectures', async () => {
      expect((await assemble(anna)).status).toBe(500);
    });
    expect(await left()).toMatchObject({ lectures: 0, parts: 3, objects: 3 });
    const lecture = await assembled(anna);
    expect(await bytesAt(lecture.s3_key)).toEqual(video);
  });

  test('that another gateway died over is taken up', async () => {
    await sendAll(anna);
    await sql`update staged_uploads set held_until = now() + interval '300 ms'`.execute(stage.db);
    await assembled(anna);
  });

  test('of what is no video is refused, for good, and keeps nothing', async () => {
    await sendAll(anna, Buffer.concat([png, Buffer.alloc(250 * KB - png.length)]));
    for (let times = 0; times < 2; times++) {
      expect(await assemble(anna)).toMatchObject({ status: 415, body: { code: 'unsupported_media' } });
      expect(await left()).toEqual({ lectures: 0, parts: 0, objects: 0 });
    }
    await sendAll(anna);
    await assembled(anna);
  });

  test('with an Idempotency-Key that stands for another request is refused, and loses nothing', async () => {
    const key = { 'idempotency-key': 'k' };
    await sendAll(anna);
    expect((await assemble(anna, {}, key)).status).toBe(200);
    await sendAll(anna, mp4(260 * KB));
    expect((await assemble(anna, {}, key)).status).toBe(409);
    expect((await assembled(anna)).video_id).toBeTruthy();
    expect(await stage.count('lectures')).toBe(2);
  });

  test('of the same bytes again keeps them once', async () => {
    await sendAll(anna);
    const first = await assembled(anna);
    await sendAll(anna, video, 'file-2');
    const second = await assembled(anna, { file_id: 'file-2' });
    expect(second).toMatchObject({ s3_key: first.s3_key });
    expect(second.video_id).not.toBe(first.video_id);
    expect(await left()).toMatchObject({ lectures: 2, objects: 1 });
  });
});

test('the names of uploads are each owner’s own', async () => {
  await sendAll(anna);
  expect(await assemble(bert)).toMatchObject({ status: 400, body: { missing_chunks: [0, 1, 2] } });
  const other = mp4(251 * KB);
  await sendAll(bert, other);
  expect(await bytesAt((await assembled(bert)).s3_key)).toEqual(other);
  expect(await bytesAt((await assembled(anna)).s3_key)).toEqual(video);
});

test('an upload that is cut otherwise begins anew', async () => {
  const halves = cut(video, 125 * KB);
  await sendAll(anna);
  await Promise.all(halves.map((half, i) => send(anna, half, i, 2)));
  expect(await stage.count('staged_parts')).toBe(2);
  expect(await bytesAt((await assembled(anna, { total_chunks: 2 })).s3_key)).toEqual(video);
  expect(await left()).toEqual({ lectures: 1, parts: 0, objects: 1 });
});

describe('a refused chunk leaves nothing behind:', () => {
  test.each([
    ['an index that is not below the total', video, 3, 3, 'f', 400],
    ['a negative index', video, -1, 3, 'f', 400],
    ['an index that is no number', video, 'x', 3, 'f', 400],
    ['no chunks at all', video, 0, 0, 'f', 400],
    ['too many chunks', video, 0, 1_000_000, 'f', 400],
    ['a name that is a path', video, 0, 3, '../../etc/passwd', 400],
    ['a name that is a folder', video, 0, 3, '..', 400],
    ['a name with a backslash', video, 0, 3, '..\\x', 400],
    ['an empty name', video, 0, 3, '', 400],
    ['a long name', video, 0, 3, 'x'.repeat(201), 400],
    ['an empty chunk', Buffer.alloc(0), 0, 3, 'f', 400],
    ['more than a lecture may have', mp4(1_100 * KB), 0, 3, 'f', 413],
  ])('%s', async (_what, bytes, index, total, fileId, status) => {
    const answer = await send(anna, bytes, index, total, fileId);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: expect.any(String), code: expect.any(String) });
    expect(await left()).toEqual({ lectures: 0, parts: 0, objects: 0 });
  });

  test('one that is no form, and one without a chunk', async () => {
    expect((await anna.postJson('/upload-chunk', {})).status).toBe(400);
    expect((await anna.uploadTo('/upload-chunk', [], { chunk_index: '0' })).status).toBe(400);
  });

  test.each([{ total_chunks: 0 }, { file_id: '../x' }, { original_filename: '' }, { layout: 'round' }])(
    'an assembly with %j',
    async (changes) => expect((await assemble(anna, changes)).status).toBe(400),
  );
});

test('all chunks together, and all open uploads, have a limit', async () => {
  const chunk = mp4(400 * KB);
  expect((await send(anna, chunk, 0, 9)).status).toBe(200);
  expect((await send(anna, chunk, 1, 9)).status).toBe(200);
  expect(await send(anna, chunk, 2, 9)).toMatchObject({ status: 413, body: { code: 'too_large' } });
  expect((await send(anna, chunk, 1, 9)).status).toBe(200);
  for (const id of ['b', 'c', 'd', 'e']) {
    await send(anna, chunk, 0, 9, id);
    await send(anna, chunk, 1, 9, id);
  }
  expect((await send(anna, chunk, 0, 9, 'f')).status).toBe(413);
  expect((await send(bert, chunk, 0, 9, 'f')).status).toBe(200);
  expect(await stage.count('staged_parts')).toBe((await stage.keys()).length);
});

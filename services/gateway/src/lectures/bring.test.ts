import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { lectureDetail, lectureInput } from '@mediaworks/contracts';
import { handmade, type MediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { mp4, playlist, png, svg, wav } from '../media/testing/samples.ts';
import { subtitles, upload } from './testing/lecture-client.ts';

const KB = 1_024;

let stage: MediaStage;
let anna: MediaClient;
let bert: MediaClient;

beforeAll(async () => {
  stage = await openMediaStage({ MAX_LECTURE_BYTES: '512KB', SAFE_FETCH_ALLOW: 'videos.example' });
  anna = stage.as('anna');
  bert = stage.as('bert');
});
afterAll(() => stage.close());
afterEach(() => stage.wipe());

const statusOf = async (id: string) => lectureDetail.parse((await anna.get(`/status/${id}`)).body);
const jobOf = (id: string) =>
  stage.db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const left = async () => ({
  lectures: await stage.count('lectures'),
  jobs: await stage.count('jobs'),
  objects: (await stage.keys()).length,
});
const nothing = { lectures: 0, jobs: 0, objects: 0 };

describe('an upload', () => {
  test('answers the seed’s fields, and where to look', async () => {
    const { status, body, headers } = await anna.uploadTo('/upload', {
      filename: 'Vorlesung 1.mp4',
      bytes: mp4(3_000),
    });
    expect(status).toBe(200);
    const { video_id, job_id } = body as { video_id: string; job_id: string };
    expect(body).toEqual({
      video_id,
      job_id,
      message: expect.any(String),
      s3_key: `videos/${video_id}/Vorlesung-1.mp4`,
    });
    expect(headers.get('location')).toBe(`https://media.example/status/${video_id}`);
    expect(await stage.keys()).toEqual([`videos/${video_id}/Vorlesung-1.mp4`]);
    expect(await statusOf(video_id)).toMatchObject({
      video_id,
      filename: 'Vorlesung 1.mp4',
      status: 'in_queue',
      user_email: 'anna',
      progress_percent: 0,
      error_message: null,
      file_size: 3_000,
      job_id,
      pdf_available: false,
    });
  });

  test('writes the job with what the worker needs, and an audit entry', async () => {
    const parts = [
      { filename: 'a.mp4', bytes: mp4(2_000) },
      { name: 'subtitle', filename: 'a.srt', bytes: subtitles },
    ];
    const { video_id, job_id, s3_key } = await upload(anna, parts, { layout: 'landscape' });
    const job = await jobOf(job_id);
    expect(job).toMatchObject({ type: 'lecture.convert', status: 'queued' });
    expect(lectureInput.parse(job.input)).toEqual({
      lecture_id: video_id,
      filename: 'a.mp4',
      video_key: s3_key,
      source_url: null,
      subtitle_key: `captions/${video_id}/a.srt`,
      layout: 'landscape',
      max_bytes: 512 * KB,
      uploaded_at: expect.any(String),
    });
    expect(await stage.keys()).toEqual([`captions/${video_id}/a.srt`, s3_key]);
    const audit = await stage.db.selectFrom('audit_log').selectAll().executeTakeFirstOrThrow();
    expect(audit).toMatchObject({ action: 'lecture.upload', subject: video_id });
  });

  test.each([
    ['UTF-16', Buffer.from(`\ufeff${subtitles.toString()}`, 'utf16le'), true],
    ['WebVTT', Buffer.from('WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n'), true],
    ['an empty part, as browsers send', Buffer.alloc(0), false],
  ])('takes subtitles in %s', async (_what, bytes, kept) => {
    const parts = [
      { name: 'subtitle', filename: 'a.srt', bytes },
      { filename: 'a.mp4', bytes: mp4(2_000) },
    ];
    const { job_id } = await upload(anna, parts);
    expect(lectureInput.parse((await jobOf(job_id)).input).subtitle_key !== null).toBe(kept);
  });

  test('of the same bytes again is another lecture, and lies in the store once', async () => {
    const bytes = mp4(9_000);
    const first = await upload(anna, { filename: 'a.mp4', bytes });
    const second = await upload(anna, { filename: 'b.mp4', bytes }, { layout: 'slides-only' });
    expect(second.video_id).not.toBe(first.video_id);
    expect(second.s3_key).toBe(first.s3_key);
    expect(await stage.keys()).toEqual([first.s3_key]);
    expect((await upload(bert, { filename: 'a.mp4', bytes })).s3_key).not.toBe(first.s3_key);

    await anna.remove(`/videos/${first.video_id}`);
    expect(await stage.keys()).toContain(first.s3_key);
    expect(await statusOf(second.video_id)).toMatchObject({ filename: 'b.mp4', status: 'in_queue' });
    await anna.remove(`/videos/${second.video_id}`);
    expect(await stage.keys()).not.toContain(first.s3_key);
  });

  test('of bytes that are gone from the store is stored anew', async () => {
    const bytes = mp4(9_000);
    const first = await upload(anna, { filename: 'a.mp4', bytes });
    await stage.store.remove(first.s3_key);
    expect((await upload(anna, { filename: 'a.mp4', bytes })).s3_key).not.toBe(first.s3_key);
  });

  test('with an Idempotency-Key is one lecture, however often', async () => {
    const key = { 'idempotency-key': 'once' };
    const bytes = mp4(4_000);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => upload(anna, { filename: 'a.mp4', bytes }, {}, key)),
    );
    expect(new Set(answers.map(({ video_id }) => video_id)).size).toBe(1);
    expect(await left()).toEqual({ lectures: 1, jobs: 1, objects: 1 });
    const other = await anna.uploadTo('/upload', { filename: 'a.mp4', bytes: mp4(5_000) }, {}, key);
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused' } });
    expect(await left()).toEqual({ lectures: 1, jobs: 1, objects: 1 });
  });
});

describe('a refused upload leaves nothing behind:', () => {
  const video = { filename: 'a.mp4', bytes: mp4(2_000) };
  const subtitle = (bytes: Buffer) => ({ name: 'subtitle', filename: 'a.srt', bytes });

  test.each([
    ['text', 415, { filename: 'a.mp4', bytes: Buffer.from('just some text, '.repeat(500)) }],
    ['a picture', 415, { filename: 'a.mp4', bytes: png }],
    ['a sound', 415, { filename: 'a.mp4', bytes: wav }],
    ['a playlist', 415, { filename: 'a.mp4', bytes: playlist }],
    ['an SVG', 415, { filename: 'a.mp4', bytes: svg }],
    ['an empty file', 400, { filename: 'a.mp4', bytes: Buffer.alloc(0) }],
    ['another part name', 400, { name: 'video', filename: 'a.mp4', bytes: mp4(2_000) }],
    ['one that is too large', 413, { filename: 'a.mp4', bytes: mp4(600 * KB) }],
    ['one that is far too large', 413, { filename: 'a.mp4', bytes: mp4(3_000 * KB) }],
    ['two files', 400, [video, video]],
    ['subtitles alone', 400, [subtitle(subtitles)]],
    ['subtitles that are a picture', 415, [video, subtitle(png)]],
    ['subtitles that are prose', 415, [subtitle(Buffer.from('Dear reader, '.repeat(99))), video]],
  ])('%s', async (_what, status, parts) => {
    const answer = await anna.uploadTo('/upload', parts);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: expect.any(String), code: expect.any(String) });
    expect(await left()).toEqual(nothing);
  });

  test('one that asks for a layout that there is not', async () => {
    expect((await anna.uploadTo('/upload', video, { layout: 'round' })).status).toBe(400);
    expect(await left()).toEqual(nothing);
  });

  test('one without a file, or without a form', async () => {
    expect(await anna.uploadTo('/upload', [], { layout: 'portrait' })).toMatchObject({
      status: 400,
      body: { code: 'missing_file' },
    });
    expect((await anna.postJson('/upload', {})).status).toBe(400);
    expect((await anna.post('/upload')).status).toBe(400);
  });

  test('one that breaks off', async () => {
    const { put } = stage.store;
    const began = new Promise<[Promise<unknown>]>((resolve) => {
      jest.spyOn(stage.store, 'put').mockImplementationOnce((...args) => {
        const putting = put.apply(stage.store, args);
        resolve([putting]);
        return putting;
      });
    });
    const start = handmade('name="file"; filename="a.mp4"', mp4(300 * KB), false);
    await anna.abandon(start, start.length + 100 * KB, began, '/upload');
    await expect(Promise.all(await began)).rejects.toThrow();
    expect(await left()).toEqual(nothing);
  });

  test('one that the database refuses', async () => {
    await stage.refuse('lectures', async () => {
      expect((await anna.uploadTo('/upload', [video, subtitle(subtitles)])).status).toBe(500);
    });
    expect(await left()).toEqual(nothing);
  });

  test('one without a token', async () => {
    expect((await fetch(`${stage.url}/upload`, { method: 'POST' })).status).toBe(401);
  });
});

describe('an import', () => {
  const url = 'http://videos.example/course/Lecture%201.mp4?token=secret';

  test('is a lecture whose video is yet to come', async () => {
    const { status, body } = await anna.postJson('/import-url', { url });
    expect(status).toBe(200);
    const { video_id, s3_key, job_id } = body as { video_id: string; s3_key: string; job_id: string };
    expect(s3_key).toBe(`videos/${video_id}/Lecture-1.mp4`);
    expect(lectureInput.parse((await jobOf(job_id)).input)).toMatchObject({
      source_url: url,
      video_key: s3_key,
      filename: 'Lecture 1.mp4',
    });
    expect(await statusOf(video_id)).toMatchObject({ status: 'in_queue', file_size: null, source_url: url });
    const named = await anna.postJson('/import-url', {
      url,
      filename: '../../Mine.mp4',
      layout: 'landscape',
    });
    expect((named.body as { s3_key: string }).s3_key).toMatch(/^videos\/[0-9a-f-]{36}\/[A-Za-z-]*Mine\.mp4$/);
  });

  test('with an Idempotency-Key is one', async () => {
    const send = () => anna.postJson('/import-url', { url }, { 'idempotency-key': 'k' });
    const [a, b] = await Promise.all([send(), send()]);
    expect(a).toMatchObject({ status: 200, body: b?.body });
    expect(await stage.count('lectures')).toBe(1);
  });

  test.each([
    ['', 'invalid_request'],
    ['not an address', 'invalid_url'],
    ['ftp://videos.example/a.mp4', 'invalid_url'],
    ['file:///etc/passwd', 'invalid_url'],
    ['http://user:pass@videos.example/a.mp4', 'invalid_url'],
    ['http://127.0.0.1/a.mp4', 'blocked_address'],
    ['http://localhost/a.mp4', 'blocked_address'],
    ['http://169.254.169.254/latest/meta-data', 'blocked_address'],
    ['http://[::ffff:10.0.0.1]/a.mp4', 'blocked_address'],
    ['http://0x7f.1/a.mp4', 'blocked_address'],
    ['http://10.1.2.3:8080/a.mp4', 'blocked_address'],
  ])('of %s is refused', async (bad, code) => {
    expect(await anna.postJson('/import-url', { url: bad })).toMatchObject({ status: 400, body: { code } });
    expect(await left()).toEqual(nothing);
  });
});

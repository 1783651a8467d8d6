import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { lectureDetail, lectureList, lectureWorkers } from '@mediaworks/contracts';
import { sql } from 'kysely';
import type { MediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { mp4 } from '../media/testing/samples.ts';
import { convert, subtitles, upload } from './testing/lecture-client.ts';

const NOBODY = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

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

const statusOf = async (id: string, client = anna) =>
  lectureDetail.parse((await client.get(`/status/${id}`)).body);
const jobOf = (id: string) =>
  stage.db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
describe('a list', () => {
  test('holds one’s own lectures, newest first; an administrator’s holds all', async () => {
    const a = await upload(anna);
    const b = await upload(anna, { filename: 'b.mp4', bytes: mp4(3_000) });
    const c = await upload(bert);
    const list = lectureList.parse((await anna.get('/list')).body);
    expect(list).toMatchObject({ total: 2, timestamp: expect.any(String) });
    expect(list.videos.map(({ id }) => id)).toEqual([b.video_id, a.video_id]);
    expect(list.videos[0]).toMatchObject({
      video_id: b.video_id,
      filename: 'b.mp4',
      video_name: 'b.mp4',
      status: 'in_queue',
      user_email: 'anna',
    });
    expect(lectureList.parse((await root.get('/list/')).body).videos[0]?.id).toBe(c.video_id);
    expect(lectureList.parse((await stage.as('carla').get('/list')).body)).toMatchObject({
      videos: [],
      total: 0,
    });
    const page = lectureList.parse((await anna.get('/list?limit=1&offset=1')).body);
    expect(page).toMatchObject({ total: 2, videos: [{ id: a.video_id }] });
    expect((await anna.get('/list?limit=0')).status).toBe(400);
  });
});

describe('the status', () => {
  test('follows the job, in the seed’s words', async () => {
    const lecture = await upload(anna);
    await sql`update jobs set status = 'processing', progress_percent = 41.26, progress_stage = 'finding slides'
              where id = ${lecture.job_id}`.execute(stage.db);
    expect(await statusOf(lecture.video_id)).toMatchObject({
      status: 'processing',
      progress_percent: 41.3,
      stage: 'finding slides',
    });
    await convert(stage, lecture);
    expect(await statusOf(lecture.video_id)).toMatchObject({
      status: 'completed',
      progress_percent: 100,
      slides: 2,
      pages: 3,
      transcript_source: 'embedded',
      pdf_available: true,
      srt_available: true,
    });
    const failed = await upload(anna, { filename: 'b.mp4', bytes: mp4(3_000) });
    await stage.finish(failed, {
      error: { code: 'no_video', message: 'There are no pictures', retryable: false },
    });
    expect(await statusOf(failed.video_id)).toMatchObject({
      status: 'failed',
      error_message: 'There are no pictures',
      error_code: 'no_video',
    });
  });

  test.each([NOBODY, 'x', '1', '..%2f..', `${NOBODY}0`])('of %s is not there', async (id) => {
    for (const path of [`/status/${id}`, `/download/${id}`])
      expect(await anna.get(path)).toMatchObject({ status: 404, body: { error: expect.any(String) } });
    expect((await anna.postJson(`/cancel/${id}`, {})).status).toBe(404);
    expect((await anna.remove(`/videos/${id}`)).status).toBe(404);
  });

  test('of another’s lecture is not there, but for an administrator', async () => {
    const { video_id } = await upload(anna);
    const answers = await Promise.all([
      bert.get(`/status/${video_id}`),
      bert.get(`/download/${video_id}`),
      bert.postJson(`/cancel/${video_id}`, {}),
      bert.remove(`/videos/${video_id}`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(await statusOf(video_id, root)).toMatchObject({ status: 'in_queue' });
  });
});

describe('a download', () => {
  test('is an address that opens for an hour, and answers Range', async () => {
    const lecture = await upload(anna, { filename: 'Übung 1.mp4', bytes: mp4(2_000) });
    await convert(stage, lecture);
    for (const [type, text, filename] of [
      ['', 'pdf', 'Übung 1.pdf'],
      ['?type=srt', 'srt', 'Übung 1.srt'],
      ['?type=manifest', '{}', 'Übung 1.json'],
    ]) {
      const { status, body } = await anna.get(`/download/${lecture.video_id}${type ?? ''}`);
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { video_id: lecture.video_id, filename, expires_in: 3_600 },
      });
      const address = (body as { download_url: string }).download_url;
      const expires = Number(new URL(address).searchParams.get('expires')) - Date.now() / 1_000;
      expect(Math.abs(expires - 3_600)).toBeLessThan(30);
      const opened = await stage.open(address);
      expect(await opened.text()).toBe(text);
      expect(opened.headers.get('content-disposition')).toContain('attachment');
    }
    const { body } = await anna.get(`/download/${lecture.video_id}/`);
    const address = (body as { download_url: string }).download_url.replace(
      'https://media.example',
      stage.url,
    );
    const part = await fetch(address, { headers: { range: 'bytes=1-' } });
    expect(part.status).toBe(206);
    expect(await part.text()).toBe('df');
    expect((await fetch(address.replace(/signature=.*/, 'signature=x'))).status).toBe(403);
  });

  test('of what is not ready is refused in the seed’s words', async () => {
    const lecture = await upload(anna);
    expect(await anna.get(`/download/${lecture.video_id}`)).toMatchObject({
      status: 400,
      body: { error: 'PDF not ready yet', status: 'in_queue' },
    });
    expect((await anna.get(`/download/${lecture.video_id}?type=exe`)).status).toBe(400);
  });

  test('of subtitles where there is no text is not there', async () => {
    const lecture = await upload(anna);
    await convert(stage, lecture, false);
    expect(await anna.get(`/download/${lecture.video_id}?type=srt`)).toMatchObject({
      status: 404,
      body: { code: 'no_transcript' },
    });
  });
});

describe('cancelling', () => {
  test('ends the job, once and again', async () => {
    const { video_id, job_id } = await upload(anna);
    for (const body of [{ reason: 'Wrong file' }, {}]) {
      expect(await anna.postJson(`/cancel/${video_id}`, body)).toMatchObject({
        status: 200,
        body: { success: true, video_id, status: 'cancelled', message: expect.any(String) },
      });
    }
    expect(await jobOf(job_id)).toMatchObject({ status: 'cancelled', error: { message: 'Wrong file' } });
    expect(await statusOf(video_id)).toMatchObject({ status: 'cancelled', error_message: 'Wrong file' });
    const { rows } = await sql`select 1 from audit_log where action = 'lecture.cancel'`.execute(stage.db);
    expect(rows).toHaveLength(1);
  });

  test('needs no body, and comes too late for what has ended', async () => {
    const queued = await upload(anna);
    expect((await anna.post(`/cancel/${queued.video_id}`)).status).toBe(200);
    const done = await upload(anna, { filename: 'b.mp4', bytes: mp4(3_000) });
    await convert(stage, done);
    expect(await anna.postJson(`/cancel/${done.video_id}`, {})).toMatchObject({
      status: 409,
      body: { code: 'already_ended', status: 'completed' },
    });
  });
});

describe('a deletion', () => {
  test('takes the row, the job and every object, and shuts the addresses', async () => {
    const parts = [
      { filename: 'a.mp4', bytes: mp4(2_000) },
      { name: 'subtitle', filename: 'a.srt', bytes: subtitles },
    ];
    const lecture = await upload(anna, parts);
    await convert(stage, lecture);
    const keys = await stage.keys();
    expect(keys).toHaveLength(5);
    const { body } = await anna.get(`/download/${lecture.video_id}`);
    expect(await anna.remove(`/videos/${lecture.video_id}`)).toMatchObject({
      status: 200,
      body: { success: true, video_id: lecture.video_id },
    });
    expect(await stage.keys()).toEqual([]);
    expect((await stage.open((body as { download_url: string }).download_url)).status).toBe(404);
    const { rows } = await sql<{ input: { keys: string[] } }>`
      select input from jobs where type = 'lecture.purge'`.execute(stage.db);
    expect(new Set(rows[0]?.input.keys)).toEqual(new Set(keys));
    expect((await anna.get(`/status/${lecture.video_id}`)).status).toBe(404);
    expect((await anna.remove(`/videos/${lecture.video_id}`)).status).toBe(404);
  });

  test('of what is being converted cancels that', async () => {
    const { video_id, job_id } = await upload(anna);
    expect((await root.remove(`/videos/${video_id}`)).status).toBe(200);
    expect(await jobOf(job_id)).toMatchObject({ status: 'cancelled' });
  });

  test('while the store is away is left to the job', async () => {
    const { video_id } = await upload(anna);
    const broken = jest.spyOn(stage.store, 'remove').mockRejectedValue(new Error('the store is away'));
    expect((await anna.remove(`/videos/${video_id}`)).status).toBe(200);
    broken.mockRestore();
    expect(await stage.keys()).toHaveLength(1);
  });
});

test('the worker’s health says whether anybody is there', async () => {
  const ask = async () => {
    const response = await fetch(`${stage.url}/worker-health`);
    return { code: response.status, ...lectureWorkers.parse(await response.json()) };
  };
  await upload(anna);
  expect(await ask()).toMatchObject({ code: 503, workers: 0, in_queue: 1, processing: 0 });
  await sql`
    insert into workers (id, service, hostname, pid, version, slots, busy, heartbeat_at) values
      (gen_random_uuid(), 'lecture2pdf', 'a', 1, 'dev', 2, 1, now()),
      (gen_random_uuid(), 'lecture2pdf', 'b', 1, 'dev', 2, 0, now() - interval '5 minutes'),
      (gen_random_uuid(), 'media-transcoder', 'c', 1, 'dev', 2, 0, now())`.execute(stage.db);
  expect(await ask()).toMatchObject({ code: 200, status: 'healthy', workers: 1, slots: 2, busy: 1 });
  await sql`truncate workers`.execute(stage.db);
});

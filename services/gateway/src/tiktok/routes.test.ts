import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { tiktokDownload, tiktokInfo, tiktokJobs, tiktokVideos } from '@mediaworks/contracts';
import { readGatewayEnv } from '../env.ts';
import type { MediaClient } from '../media/testing/media-client.ts';
import { eventsOf } from '../testing/job-events.ts';
import { openTiktokStage, type TiktokStage } from './testing/tiktok-stage.ts';

const STUDENT = '123e4567-e89b-12d3-a456-426614174000';
const PATH = `/tiktok/student/${STUDENT}`;
const async_ = { prefer: 'respond-async' };

let stage: TiktokStage;
let anna: MediaClient;
beforeAll(async () => {
  stage = await openTiktokStage();
  anna = stage.as('anna');
});
afterAll(() => stage.close());
afterEach(() => stage.wipe());

const link = (username = 'cool_student') => anna.put(`${PATH}/username`, { username });
const ids = ['7300000000000000003', '7300000000000000002', '7300000000000000001'] as const;
const failure = { code: 'video_removed', message: 'This video is no longer on TikTok', retryable: false };

describe('a username', () => {
  it('is linked as people write it, and replaced', async () => {
    expect(await link(' @Cool.Student_1 ')).toMatchObject({
      status: 200,
      body: { success: true, student_id: STUDENT, username: 'cool.student_1' },
    });
    await link('other_name');
    expect((await anna.get(`${PATH}/username`)).body).toEqual({
      success: true,
      student_id: STUDENT,
      username: 'other_name',
    });
  });

  it.each(['', 'a', 'a'.repeat(25), 'ends.', 'a/b', '--exec', 'a b', 'ä_student', 'a\n--exec', 7, null])(
    'is not %j',
    async (username) => {
      const answer = await anna.put(`${PATH}/username`, { username });
      expect(answer).toMatchObject({ status: 400, body: { success: false, error: expect.any(String) } });
      expect((await anna.get(`${PATH}/username`)).status).toBe(404);
    },
  );
});

describe('a student without a username', () => {
  it.each(['GET videos', 'GET username', 'GET info', 'GET jobs', 'POST download'])(
    'answers 404 to %s',
    async (call) => {
      const [method, what = ''] = call.split(' ');
      const path = `/tiktok/student/nobody/${what}`;
      const answer = method === 'GET' ? await anna.get(path) : await anna.post(path);
      expect(answer).toMatchObject({
        status: 404,
        body: {
          success: false,
          error: 'No TikTok username found for student nobody',
          detail: 'No TikTok username found for student nobody',
          code: 'no_username',
        },
      });
    },
  );

  it('whose id can be none is not there', async () => {
    for (const id of ['x'.repeat(129), '%00', '%0A', '']) {
      const answer = await anna.get(`/tiktok/student/${id}/videos`);
      expect(answer).toMatchObject({ status: 404, body: { success: false } });
    }
  });
});

it('asks for a token, unless the domain is open', async () => {
  const open = await openTiktokStage({ OPEN_ROUTES: 'tiktok' });
  try {
    expect((await fetch(`${stage.url}${PATH}/videos`)).status).toBe(401);
    expect((await fetch(`${open.url}${PATH}/videos`)).status).toBe(404);
  } finally {
    await open.close();
  }
});

it('says so when Supabase is away, and does not start when half of it is set', async () => {
  const settings = { SUPABASE_URL: 'http://127.0.0.1:9', SUPABASE_SERVICE_ROLE_KEY: 'secret-key' };
  const away = await openTiktokStage(settings);
  try {
    const answer = await away.as('anna').get(`${PATH}/videos`);
    expect(answer).toMatchObject({ status: 503, body: { success: false, code: 'keeper_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(JSON.stringify(answer.body)).not.toContain('secret-key');
  } finally {
    await away.close();
  }
  const half = { ...stage.source, SUPABASE_URL: 'http://127.0.0.1:9' };
  expect(() => readGatewayEnv(half)).toThrow(/SUPABASE_SERVICE_ROLE_KEY: both are needed/);
});

describe('the videos', () => {
  it('are none at first, and then all that is known of each, newest first', async () => {
    await link();
    expect((await anna.get(`${PATH}/videos`)).body).toEqual({
      success: true,
      student_id: STUDENT,
      username: 'cool_student',
      videos: [],
      count: 0,
    });
    await stage.keep('cool_student', ids[1], { uploaded_at: '2024-05-31T00:00:00.000Z' });
    await stage.keep('cool_student', ids[0], { uploaded_at: '2024-06-01T00:00:00.000Z' });
    await stage.keep('somebody_else', ids[2]);
    const list = tiktokVideos.parse((await anna.get(`${PATH}/videos`)).body);
    expect(list.videos.map(({ video_id }) => video_id)).toEqual([ids[0], ids[1]]);
    expect(list).toMatchObject({ count: 2 });
    const [video] = list.videos;
    expect(video).toMatchObject({
      video_url: `https://www.tiktok.com/@cool_student/video/${ids[0]}`,
      title: `Video ${ids[0]}`,
      resolution: '576x1024',
      uploaded_at: '2024-06-01T00:00:00.000Z',
      like_count: 12,
      share_count: null,
      sound: { title: 'a sound', artist: null, album: null },
    });
    expect(video?.local_path).toContain(`tiktok/cool_student/${ids[0]}.mp4`);
    expect(await (await stage.open(video?.local_path ?? '')).text()).toBe(`video ${ids[0]}`);
    expect((await stage.open(video?.thumbnail_url ?? '')).headers.get('content-type')).toBe('image/jpeg');
    const page = tiktokVideos.parse((await anna.get(`${PATH}/videos?limit=1&offset=1`)).body);
    expect(page.videos.map(({ video_id }) => video_id)).toEqual([ids[1]]);
    for (const query of ['limit=0', 'limit=1001', 'offset=-1', 'limit=x']) {
      expect((await anna.get(`${PATH}/videos?${query}`)).status).toBe(400);
    }
  });

  it('are counted in the info, with the last run', async () => {
    await link();
    await stage.keep('cool_student', ids[0]);
    expect(tiktokInfo.parse((await anna.get(`${PATH}/info`)).body)).toMatchObject({
      username: 'cool_student',
      profile_url: 'https://www.tiktok.com/@cool_student',
      video_count: 1,
      total_size: `video ${ids[0]}`.length,
      last_job: null,
    });
    const { job_id } = tiktokDownload.parse((await anna.post(`${PATH}/download`, async_)).body);
    expect(tiktokInfo.parse((await anna.get(`${PATH}/info`)).body).last_job?.id).toBe(job_id);
    const jobs = tiktokJobs.parse((await anna.get(`${PATH}/jobs`)).body);
    expect(jobs.jobs.map(({ id }) => id)).toEqual([job_id]);
  });
});

describe('a download', () => {
  it.each(['max_videos=0', 'max_videos=101', 'max_videos=x', 'random_selection=maybe', 'force=2', 'seed='])(
    'with %s is refused',
    async (query) => {
      await link();
      expect((await anna.post(`${PATH}/download?${query}`)).status).toBe(400);
      expect(await stage.count('jobs')).toBe(0);
    },
  );

  it('hands on what was asked for', async () => {
    await link();
    const query = 'max_videos=3&random_selection=true&seed=spring&force=1';
    const { status, headers, body } = await anna.post(`${PATH}/download?${query}`, async_);
    const answer = tiktokDownload.parse(body);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`https://media.example/api/jobs/${answer.job_id}`);
    expect(answer.job.input).toEqual({
      student_id: STUDENT,
      username: 'cool_student',
      max_videos: 3,
      random_selection: true,
      seed: 'spring',
      force: true,
    });
  });

  it('waits, and gives the seed’s answer', async () => {
    await link();
    const answer = anna.post(`${PATH}/download?max_videos=2`);
    const run = await stage.runOf(STUDENT);
    await stage.keep('cool_student', ids[0]);
    const jobs = await stage.list(run, [ids[0], ids[1]], [ids[0]]);
    await stage.keep('cool_student', ids[1]);
    await stage.end(jobs.get(ids[1]) ?? '', 'completed');
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(tiktokDownload.parse(body)).toMatchObject({
      success: true,
      student_id: STUDENT,
      username: 'cool_student',
      videos: [{ video_id: ids[0] }, { video_id: ids[1] }],
      count: 2,
      failed: [],
      status: 'completed',
      message: 'Downloaded 2 videos',
    });
  });

  it('that takes longer than the client waits answers 202 with what is stored so far', async () => {
    await link();
    const { job_id } = tiktokDownload.parse((await anna.post(`${PATH}/download`, async_)).body);
    const jobs = await stage.list(job_id, [...ids]);
    await stage.keep('cool_student', ids[0]);
    await stage.end(jobs.get(ids[0]) ?? '', 'completed');
    await stage.progress(jobs.get(ids[1]) ?? '', 50);
    const { status, body } = await anna.post(`${PATH}/download`, { prefer: 'wait=0' });
    expect(status).toBe(202);
    expect(tiktokDownload.parse(body)).toMatchObject({
      success: true,
      status: 'processing',
      job_id,
      videos: [{ video_id: ids[0] }],
      count: 1,
      message: 'Downloading: 1 of 3, 50%',
      job: { progress: { percent: 50, stage: '1 of 3, 50%' } },
    });
  });

  it('tells its progress to whoever has its signed address', async () => {
    await link();
    const { job } = tiktokDownload.parse((await anna.post(`${PATH}/download`, async_)).body);
    const jobs = await stage.list(job.id, [...ids]);
    const response = await stage.open(job.links.events);
    const seen: string[] = [];
    for await (const { name, data } of eventsOf(response)) {
      const { stage: text } = data.progress as unknown as { stage: string };
      seen.push(`${name} ${text}`);
      if (seen.length === 1) await stage.progress(jobs.get(ids[0]) ?? '', 24);
      if (text === '0 of 3, 8%') for (const id of ids) await stage.end(jobs.get(id) ?? '', 'completed');
    }
    expect(seen).toEqual(['status 0 of 3, 0%', 'progress 0 of 3, 8%', 'completed done']);
  });

  it('of an account without videos is done at once', async () => {
    await link();
    const answer = anna.post(`${PATH}/download`);
    await stage.list(await stage.runOf(STUDENT), []);
    const { status, body } = await answer;
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { success: true, videos: [], count: 0, message: 'The account has no videos' },
    });
  });

  it('says which videos could not be had', async () => {
    await link();
    const answer = anna.post(`${PATH}/download`);
    const jobs = await stage.list(await stage.runOf(STUDENT), [ids[0], ids[1]]);
    await stage.keep('cool_student', ids[0]);
    await stage.end(jobs.get(ids[0]) ?? '', 'completed');
    await stage.end(jobs.get(ids[1]) ?? '', 'failed', { error: failure });
    expect((await answer).body).toMatchObject({
      success: true,
      count: 1,
      failed: [{ video_id: ids[1], error: failure }],
      message: 'Downloaded 1 of 2 videos',
    });
  });

  it('is no success when none could be had', async () => {
    await link();
    const answer = anna.post(`${PATH}/download`);
    const jobs = await stage.list(await stage.runOf(STUDENT), [ids[0]]);
    await stage.end(jobs.get(ids[0]) ?? '', 'failed', { error: failure });
    expect(await answer).toMatchObject({ status: 200, body: { success: false, count: 0 } });
  });

  it.each([
    [{ code: 'profile_private', message: 'This account is private', retryable: false }, 422],
    [{ code: 'page_changed', message: 'TikTok’s page has changed', retryable: true }, 502],
  ])('that failed answers with the reason %j', async (error, status) => {
    await link();
    const answer = anna.post(`${PATH}/download`);
    const run = await stage.runOf(STUDENT);
    await stage.end(run, 'failed', { error });
    expect(await answer).toMatchObject({
      status,
      body: {
        success: false,
        error: error.message,
        code: error.code,
        job_id: run,
        status: 'failed',
        videos: [],
        count: 0,
      },
    });
  });

  it('that was cancelled is no success', async () => {
    await link();
    const answer = anna.post(`${PATH}/download`);
    const run = await stage.runOf(STUDENT);
    expect((await anna.postJson(`/api/jobs/${run}/cancel`, {})).status).toBe(200);
    expect(await answer).toMatchObject({ status: 200, body: { success: false, status: 'cancelled' } });
  });

  it('is shared by all who ask for the student at once', async () => {
    await link();
    const clients = ['anna', 'bert', 'carla', 'anna'].map((user) => stage.as(user));
    const answers = await Promise.all(clients.map((client) => client.post(`${PATH}/download`, async_)));
    const runs = new Set(answers.map(({ body }) => tiktokDownload.parse(body).job_id));
    expect(runs.size).toBe(1);
    expect(await stage.count('jobs')).toBe(1);
    const [run = ''] = runs;
    await stage.list(run, []);
    const next = tiktokDownload.parse((await anna.post(`${PATH}/download`, async_)).body);
    expect(next.job_id).not.toBe(run);
  });

  it('with an Idempotency-Key is the same run ever after', async () => {
    await link();
    const headers = { ...async_, 'idempotency-key': 'spring-1' };
    const first = tiktokDownload.parse((await anna.post(`${PATH}/download?max_videos=2`, headers)).body);
    await stage.list(first.job_id, []);
    const again = await anna.post(`${PATH}/download?max_videos=2`, headers);
    expect(again).toMatchObject({ status: 200, body: { job_id: first.job_id } });
    expect((await anna.post(`${PATH}/download?max_videos=3`, headers)).status).toBe(409);
    expect(await stage.count('jobs')).toBe(1);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type GoogleDouble, startGoogleDouble } from '@mediaworks/local-stack/firebase';
import { sql } from 'kysely';
import { addLecture, completeJob, resultOf } from '../testing/add-lecture.ts';
import {
  bearer,
  moveJob,
  openFirebaseGateway,
  OPERATOR_TOKEN,
  tokenFor,
  userIdOf,
} from '../testing/open-gateway.ts';

let google: GoogleDouble;
let gateway: Awaited<ReturnType<typeof openFirebaseGateway>>;
let ada: number;
let bob: number;
const admin = bearer(OPERATOR_TOKEN);

beforeAll(async () => {
  google = await startGoogleDouble('lectures-test');
  gateway = await openFirebaseGateway(google, { FCM_PUSH: 'on' });
  for (const uid of ['ada', 'bob']) {
    const token = await tokenFor(uid, { email: `${uid}@example.org` });
    await fetch(`${gateway.url}/api/jobs`, { headers: bearer(token) });
  }
  ada = await userIdOf(gateway, 'ada');
  bob = await userIdOf(gateway, 'bob');
});
afterAll(async () => {
  await gateway.close();
  await google.stop();
});
afterEach(async () => {
  await sql`truncate lectures, jobs, job_attempts, outbox, audit_log, lecture_news cascade`.execute(
    gateway.deps.db,
  );
});

const send = async (
  method: string,
  path: string,
  headers: Record<string, string> = admin,
  body?: unknown,
) => {
  const answer = await fetch(`${gateway.url}/admin${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
};

describe('the videos', () => {
  it('are everybody’s, newest first', async () => {
    const first = await addLecture(gateway, ada, 'first.mp4');
    const second = await addLecture(gateway, bob, 'second.mp4');
    await completeJob(gateway, second.jobId, resultOf(second.id));
    const { status, body } = await send('GET', '/videos');
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        id: second.id,
        video_id: second.id,
        filename: 'second.mp4',
        video_name: 'second.mp4',
        status: 'completed',
        upload_date: expect.any(String),
        date: expect.any(String),
        created_at: expect.any(String),
        updated_at: expect.any(String),
        user_email: 'bob@example.org',
        progress_percent: 100,
      },
      expect.objectContaining({ id: first.id, status: 'in_queue', user_email: 'ada@example.org' }),
    ]);
    expect((await send('GET', '/videos?limit=1&offset=1')).body).toMatchObject([{ id: first.id }]);
    for (const query of ['limit=0', 'limit=x', 'offset=-1'])
      expect((await send('GET', `/videos?${query}`)).status).toBe(400);
  });

  it('of anybody can be deleted: row, video, PDF and subtitles', async () => {
    const { store, db } = gateway.deps;
    const { id, jobId } = await addLecture(gateway, ada);
    const keys = [`videos/${id}/algebra.mp4`, `pdfs/${id}.pdf`, `subtitles/${id}.srt`];
    for (const key of keys)
      await store.put(key, Buffer.from('x'), { contentType: 'application/octet-stream' });
    await completeJob(gateway, jobId, resultOf(id));
    expect(await send('DELETE', `/videos/${id}/`)).toMatchObject({
      status: 200,
      body: { success: true, video_id: id },
    });
    expect((await send('GET', '/videos')).body).toEqual([]);
    for (const key of keys) expect(await store.head(key)).toBeUndefined();
    const rows = await db.selectFrom('audit_log').select(['action', 'subject']).execute();
    expect(rows).toEqual([{ action: 'lecture.delete', subject: id }]);
    expect(await send('DELETE', `/videos/${id}`)).toMatchObject({
      status: 404,
      body: { error: 'Video not found' },
    });
  });

  it.each([randomUUID(), '7', '..%2f..%2fetc'])('%s is none', async (id) => {
    expect((await send('DELETE', `/videos/${id}`)).status).toBe(404);
  });

  it('are for admins alone', async () => {
    const { id } = await addLecture(gateway, ada);
    const owner = bearer(await tokenFor('ada', { is_admin: true }));
    for (const [headers, status] of [
      [owner, 403],
      [{}, 401],
    ] as const) {
      expect((await send('GET', '/videos', headers)).status).toBe(status);
      expect((await send('DELETE', `/videos/${id}`, headers)).status).toBe(status);
      expect((await send('GET', '/stats', headers)).status).toBe(status);
      expect((await send('POST', '/test-notification', headers)).status).toBe(status);
    }
    expect((await send('GET', '/videos')).body).toHaveLength(1);
  });
});

it('has its figures, in both spellings', async () => {
  const made = [];
  for (let i = 0; i < 6; i++) made.push(await addLecture(gateway, ada));
  const [a, b, c, d] = made;
  if (!a || !b || !c || !d) throw new Error('nothing was made');
  await completeJob(gateway, a.jobId, resultOf(a.id));
  await moveJob(gateway, b.jobId, 'processing');
  await moveJob(gateway, c.jobId, 'failed');
  await moveJob(gateway, d.jobId, 'cancelled');
  const { count } = await gateway.deps.db
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  expect((await send('GET', '/stats')).body).toEqual({
    totalUsers: count,
    totalVideos: 6,
    totalPDFs: 1,
    activeProcessing: 1,
    inQueue: 2,
    failed: 1,
    total_users: count,
    total_videos: 6,
    total_pdfs: 1,
    active_processing: 1,
    in_queue: 2,
  });
});

describe('a test notification', () => {
  it('goes to the caller’s own devices, or a user’s', async () => {
    const sent = await send('POST', '/test-notification');
    expect(sent).toMatchObject({
      status: 200,
      body: { success: true, message_id: expect.stringContaining('/messages/'), topic: 'user_static-token' },
    });
    expect(await google.nextPush()).toMatchObject({
      topic: 'user_static-token',
      notification: { title: 'Test notification' },
    });
    await send('POST', '/test-notification', admin, { title: 'Hi', body: 'There', user_id: 'a d/a*' });
    expect(await google.nextPush()).toMatchObject({
      topic: 'user_a%20d%2Fa%2A',
      notification: { title: 'Hi', body: 'There' },
    });
    const rows = await gateway.deps.db.selectFrom('audit_log').select(['action', 'subject']).execute();
    expect(rows).toContainEqual({ action: 'notification.test', subject: 'user_static-token' });
  });

  it.each([{ title: '' }, { body: 7 }, { user_id: 'x'.repeat(201) }])('is not made of %j', async (body) => {
    expect((await send('POST', '/test-notification', admin, body)).status).toBe(400);
  });

  it('says so when Google is away, and when none is configured', async () => {
    google.failNext('fcm.googleapis.com', [403, { error: { status: 'PERMISSION_DENIED', message: 'no' } }]);
    const away = await send('POST', '/test-notification');
    expect(away).toMatchObject({ status: 503, body: { code: 'push_unavailable' } });
    expect(JSON.stringify(away.body)).not.toContain('PERMISSION');

    const without = await gateway.house.start();
    try {
      const answer = await fetch(`${without.url}/admin/test-notification`, {
        method: 'POST',
        headers: admin,
      });
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({
        code: 'push_not_configured',
        error: expect.stringContaining('not configured'),
      });
    } finally {
      await without.stop(0);
    }
  });
});

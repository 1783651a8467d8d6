import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type GoogleDouble, startGoogleDouble } from '@mediaworks/local-stack/firebase';
import { sql } from 'kysely';
import type { Firebase } from '@mediaworks/firebase';
import { addLecture, completeJob, resultOf } from '../testing/add-lecture.ts';
import { bearer, moveJob, openFirebaseGateway, tokenFor, userIdOf } from '../testing/open-gateway.ts';
import { completionPush, userTopic } from './push.ts';
import { startOutlet } from './run-outlet.ts';

const UID = 'Ada/Lovelace (1815)';
let google: GoogleDouble;
let gateway: Awaited<ReturnType<typeof openFirebaseGateway>>;
let firebase: Firebase;
let owner: number;

beforeAll(async () => {
  google = await startGoogleDouble('lectures-test');
  // A gateway that pushes nothing: the tests start outlets of their own.
  gateway = await openFirebaseGateway(google);
  if (!gateway.deps.firebase) throw new Error('there is no project');
  firebase = gateway.deps.firebase;
  await fetch(`${gateway.url}/api/jobs`, { headers: bearer(await tokenFor(UID)) });
  owner = await userIdOf(gateway, UID);
});
afterAll(async () => {
  await gateway.close();
  await google.stop();
});
afterEach(() => sql`truncate lecture_news`.execute(gateway.deps.db));

/** Runs an outlet while `work` does. Afterwards nothing is under way any more. */
const whilePushing = async (work: (told: () => Promise<string>) => Promise<void>) => {
  const { db, log } = gateway.deps;
  const push = completionPush({ db, firebase, log });
  let next: (id: string) => void = () => undefined;
  const told = () => new Promise<string>((resolve) => (next = resolve));
  const tell = async (id: string) => {
    await push(id);
    next(id);
  };
  const outlet = startOutlet({ db, outlet: 'push', log, tell, pollMs: 10, pauseMs: 10 });
  try {
    await work(told);
  } finally {
    await outlet.stop(5_000);
  }
};
const waiting = async () => {
  const { rows } = await sql<{ tries: number }>`
    select tries from lecture_news where outlet = 'push'`.execute(gateway.deps.db);
  return rows.length;
};

describe('the owner of a lecture', () => {
  it('is told when its PDF is there, and of nothing else', async () => {
    const pushing = await gateway.house.start(
      {
        FIREBASE_SERVICE_ACCOUNT_PATH: gateway.deps.env.FIREBASE_SERVICE_ACCOUNT_PATH ?? '',
        FIRESTORE_MIRROR: 'off',
      },
      gateway.deps.log,
      { httpAgent: google.agent },
    );
    try {
      const { id, jobId } = await addLecture(gateway, owner, 'Übung 1.mp4');
      await moveJob(gateway, jobId, 'processing');
      await completeJob(gateway, jobId, resultOf(id));
      expect(await google.nextPush()).toEqual({
        topic: 'user_Ada%2FLovelace%20%281815%29',
        notification: { title: 'Your PDF is ready', body: 'Übung 1.mp4' },
        data: { type: 'lecture_completed', video_id: id, job_id: jobId, status: 'completed' },
        android: { collapse_key: id, notification: { tag: id } },
        apns: { headers: { 'apns-collapse-id': id } },
        webpush: { notification: { tag: id } },
      });
    } finally {
      await pushing.stop(5_000);
    }
    expect(google.pushes).toEqual([]);
    expect(await waiting()).toBe(0);
  });

  it('is told again of what is made again', async () => {
    const { id, jobId } = await addLecture(gateway, owner);
    await whilePushing(async () => {
      for (let i = 0; i < 2; i++) {
        await completeJob(gateway, jobId, resultOf(id));
        expect(await google.nextPush()).toMatchObject({ data: { video_id: id } });
        await moveJob(gateway, jobId, 'queued');
      }
    });
  });

  it('is told later when Google has no time for us', async () => {
    google.failNext(
      'messages:send',
      [500, { error: { code: 500, status: 'INTERNAL', message: 'no' } }],
      [429, { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'no' } }],
    );
    const { id, jobId } = await addLecture(gateway, owner);
    await completeJob(gateway, jobId, resultOf(id));
    await whilePushing(async () => {
      expect(await google.nextPush()).toMatchObject({ data: { video_id: id } });
    });
    expect(await waiting()).toBe(0);
  });

  it('is not told again and again what Google will never take', async () => {
    google.failNext('messages:send', [
      400,
      { error: { code: 400, status: 'INVALID_ARGUMENT', message: 'no' } },
    ]);
    const { id, jobId } = await addLecture(gateway, owner);
    await completeJob(gateway, jobId, resultOf(id));
    await whilePushing(async (told) => expect(await told()).toBe(id));
    expect(await waiting()).toBe(0);
    expect(google.pushes).toEqual([]);
  });

  it.each<[string, (lecture: { id: string; jobId: string }) => Promise<unknown>]>([
    ['is being made again', ({ jobId }) => moveJob(gateway, jobId, 'processing')],
    ['was deleted', ({ id }) => sql`delete from lectures where id = ${id}`.execute(gateway.deps.db)],
  ])('is not told of what %s', async (_name, change) => {
    const lecture = await addLecture(gateway, owner);
    await completeJob(gateway, lecture.jobId, resultOf(lecture.id));
    await change(lecture);
    await whilePushing(async (told) => expect(await told()).toBe(lecture.id));
    expect(google.pushes).toEqual([]);
  });
});

it.each([
  ['abc-DEF_0.9~', 'user_abc-DEF_0.9~'],
  ["a b'c(d)*!", 'user_a%20b%27c%28d%29%2A%21'],
  ['ü/%', 'user_%C3%BC%2F%25'],
])('%s listens to %s', (uid, topic) => {
  expect(userTopic(uid)).toBe(topic);
  expect(topic).toMatch(/^[a-zA-Z0-9\-_.~%]+$/);
});

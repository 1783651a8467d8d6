import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Emulator, startFirestoreEmulator } from '@mediaworks/local-stack/firebase';
import type { DocumentData, Firestore } from 'firebase-admin/firestore';
import { sql } from 'kysely';
import { connectFirebase, type Firebase } from '@mediaworks/firebase';
import { addLecture, completeJob, resultOf } from '../testing/add-lecture.ts';
import { bearer, moveJob, openGateway, OPERATOR_TOKEN, tokenFor, userIdOf } from '../testing/open-gateway.ts';
import { firestoreMirror } from './firestore-mirror.ts';
import { takeNews } from './news.ts';
import { startOutlet } from './run-outlet.ts';

const FIREBASE = { FIREBASE_PROJECT_ID: 'lectures-test' };
let emulator: Emulator;
let gateway: Awaited<ReturnType<typeof openGateway>>;
let firebase: Firebase;
let firestore: Firestore;
let ada: number;

beforeAll(async () => {
  emulator = await startFirestoreEmulator();
  // The library reads it by itself.
  process.env['FIRESTORE_EMULATOR_HOST'] = emulator.host;
  // A gateway that mirrors nothing: the tests start mirrors of their own.
  gateway = await openGateway();
  const settings = { ...FIREBASE, CHECK_REVOKED: false, FIRESTORE_EMULATOR_HOST: emulator.host };
  const connected = connectFirebase(settings);
  if (!connected) throw new Error('there is no project');
  firebase = connected;
  firestore = await firebase.firestore();
  const token = await tokenFor('ada', { email: 'ada@example.org' });
  await fetch(`${gateway.url}/api/jobs`, { headers: bearer(token) });
  ada = await userIdOf(gateway, 'ada');
}, 60_000);
afterAll(async () => {
  delete process.env['FIRESTORE_EMULATOR_HOST'];
  await firebase.close();
  await gateway.close();
  await emulator.stop();
});
afterEach(async () => {
  await sql`truncate lectures, jobs, job_attempts, outbox, lecture_news cascade`.execute(gateway.deps.db);
});

/** Resolves with a document, or undefined without one, as soon as it is what is waited for. */
const seen = (id: string, wanted: (data: DocumentData | undefined) => boolean) =>
  new Promise<DocumentData | undefined>((resolve, reject) => {
    const stop = firestore.doc(`video_tasks/${id}`).onSnapshot((document) => {
      const data = document.data();
      if (!wanted(data)) return;
      stop();
      resolve(data);
    }, reject);
  });
const status = (name: string) => (data: DocumentData | undefined) => data?.['status'] === name;
const news = async () => {
  const { rows } = await sql<{ outlet: string; tries: number }>`
    select outlet, tries from lecture_news where due_at < now() + interval '1 minute' order by id`.execute(
    gateway.deps.db,
  );
  return rows;
};
const addressOf = (id: string, key: string) => `gateway:${id}/${key}`;
const mirror = (tell = firestoreMirror({ db: gateway.deps.db, firebase, addressOf })) =>
  startOutlet({
    db: gateway.deps.db,
    outlet: 'mirror',
    log: gateway.deps.log,
    tell,
    pollMs: 10,
    pauseMs: 10,
  });

describe('a gateway with a Firestore', () => {
  it('mirrors a lecture from its first moment to its last', async () => {
    const mirroring = await gateway.house.start({ ...FIREBASE, FIRESTORE_EMULATOR_HOST: emulator.host });
    try {
      const { id, jobId } = await addLecture(gateway, ada);
      expect(await seen(id, status('in_queue'))).toEqual({
        video_id: id,
        filename: 'algebra.mp4',
        user_id: 'ada',
        user_email: 'ada@example.org',
        status: 'in_queue',
        error_message: null,
        created_at: expect.objectContaining({ seconds: expect.any(Number) }),
        updated_at: expect.objectContaining({ seconds: expect.any(Number) }),
        pdf_url: null,
        subtitle_url: null,
        version: 1,
      });
      await moveJob(gateway, jobId, 'processing');
      await seen(id, status('processing'));
      await moveJob(gateway, jobId, 'failed');
      expect(await seen(id, status('failed'))).toMatchObject({ error_message: 'broke' });
      await moveJob(gateway, jobId, 'queued');
      expect(await seen(id, status('in_queue'))).toMatchObject({ error_message: null });
      await completeJob(gateway, jobId, resultOf(id));
      expect(await seen(id, status('completed'))).toMatchObject({
        pdf_url: `${mirroring.url}/download/${id}`,
        subtitle_url: `${mirroring.url}/download/${id}?type=srt`,
      });
      const removed = await fetch(`${gateway.url}/admin/videos/${id}`, {
        method: 'DELETE',
        headers: bearer(OPERATOR_TOKEN),
      });
      expect(removed.status).toBe(200);
      await seen(id, (data) => data === undefined);
    } finally {
      await mirroring.stop(0);
    }
  });

  it('says where objects lie in a bucket, and has no subtitles where there are none', async () => {
    const bucket = {
      STORAGE: 's3',
      S3_BUCKET: 'lectures',
      S3_PREFIX: 'here/',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    const mirroring = await gateway.house.start({
      ...FIREBASE,
      ...bucket,
      S3_ENDPOINT: 'http://127.0.0.1:9',
      FIRESTORE_EMULATOR_HOST: emulator.host,
    });
    try {
      const { id, jobId } = await addLecture(gateway, ada);
      await completeJob(gateway, jobId, resultOf(id, { srt: false }));
      expect(await seen(id, status('completed'))).toMatchObject({
        pdf_url: `s3://lectures/here/pdfs/${id}.pdf`,
        subtitle_url: null,
      });
    } finally {
      await mirroring.stop(0);
    }
  });
});

describe('the mirror', () => {
  it('catches up with what happened while nobody mirrored', async () => {
    const lectures = [];
    for (let i = 0; i < 60; i++) lectures.push(await addLecture(gateway, ada, `${i}.mp4`));
    for (const { jobId } of lectures) await moveJob(gateway, jobId, 'processing');
    const mirrors = [mirror(), mirror(), mirror()];
    try {
      await Promise.all(lectures.map(({ id }) => seen(id, status('processing'))));
    } finally {
      await Promise.all(mirrors.map((one) => one.stop(5_000)));
    }
  });

  it('never writes an older state over a newer', async () => {
    const { id, jobId } = await addLecture(gateway, ada);
    const tell = firestoreMirror({ db: gateway.deps.db, firebase, addressOf });
    await moveJob(gateway, jobId, 'processing');
    await tell(id);
    const document = firestore.doc(`video_tasks/${id}`);
    await document.update({ version: 1_000, status: 'completed', theirs: 'kept' });
    await tell(id);
    expect((await document.get()).data()).toMatchObject({ status: 'completed', version: 1_000 });
    await document.update({ version: 1 });
    await tell(id);
    expect((await document.get()).data()).toMatchObject({ status: 'processing', version: 2, theirs: 'kept' });
  });

  it('loses nothing when Firestore refuses, and tells the other lectures meanwhile', async () => {
    const [broken, fine] = [await addLecture(gateway, ada), await addLecture(gateway, ada)];
    const real = firestoreMirror({ db: gateway.deps.db, firebase, addressOf });
    let refused = 0;
    const mirroring = mirror((id) =>
      id === broken.id && refused++ === 0 ? Promise.reject(new Error('UNAVAILABLE')) : real(id),
    );
    try {
      await Promise.all([fine, broken].map(({ id }) => seen(id, status('in_queue'))));
    } finally {
      await mirroring.stop(5_000);
    }
    expect(refused).toBe(2);
    expect(await news()).toEqual([]);
  });

  it('leaves to the next what it was telling when it had to stop', async () => {
    const { id } = await addLecture(gateway, ada);
    let begun: () => void = () => undefined;
    const beginning = new Promise<void>((resolve) => (begun = resolve));
    const stuck = mirror(() => {
      begun();
      return new Promise(() => undefined);
    });
    await beginning;
    await stuck.stop(0);
    const next = mirror();
    await seen(id, status('in_queue'));
    await next.stop(5_000);
    expect(await news()).toEqual([]);
  });
});

describe('news of a lecture', () => {
  const take = () => takeNews(gateway.deps.db, 'mirror', 100);

  it('is of its transitions, and not of its progress or of other jobs', async () => {
    const { jobId } = await addLecture(gateway, ada);
    const { db } = gateway.deps;
    await sql`update jobs set progress_percent = 50, version = version + 1 where id = ${jobId}`.execute(db);
    await sql`update jobs set status = 'queued', version = version + 1 where id = ${jobId}`.execute(db);
    expect(await news()).toEqual([{ outlet: 'mirror', tries: 0 }]);
    await moveJob(gateway, jobId, 'processing');
    await completeJob(gateway, jobId, resultOf(jobId));
    expect((await news()).map(({ outlet }) => outlet).sort()).toEqual(['mirror', 'mirror', 'mirror', 'push']);
  });

  it('goes with the transaction that made it', async () => {
    const { db } = gateway.deps;
    const { jobId } = await addLecture(gateway, ada);
    const tx = await db.startTransaction().execute();
    await sql`update jobs set status = 'processing' where id = ${jobId}`.execute(tx);
    await tx.rollback().execute();
    expect(await news()).toHaveLength(1);
  });

  it('is taken by one at a time, all of a lecture together', async () => {
    const { id, jobId } = await addLecture(gateway, ada);
    await moveJob(gateway, jobId, 'processing');
    const taken = (await Promise.all(Array.from({ length: 8 }, take))).flat();
    expect(taken).toMatchObject([{ lectureId: id, ids: [expect.any(Number), expect.any(Number)], tries: 0 }]);
    await moveJob(gateway, jobId, 'failed');
    expect(await take()).toEqual([]);
    await sql`update lecture_news set held_until = now() - interval '1 s' where held_until is not null`.execute(
      gateway.deps.db,
    );
    expect(await take()).toMatchObject([{ lectureId: id, ids: { length: 3 } }]);
  });

  it('never waits for whoever is telling it', async () => {
    const { jobId } = await addLecture(gateway, ada);
    const tx = await gateway.deps.db.startTransaction().execute();
    try {
      await sql`select * from lecture_news for update`.execute(tx);
      await moveJob(gateway, jobId, 'processing');
      await completeJob(gateway, jobId, resultOf(jobId));
    } finally {
      await tx.rollback().execute();
    }
    expect(await news()).toHaveLength(4);
  });
});

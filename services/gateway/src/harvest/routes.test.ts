import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { harvestFiles, harvestProgress, harvestResults } from '@mediaworks/contracts';
import { sql } from 'kysely';
import type { MediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { wipe } from '../testing/wipe.ts';
import { addUser, endDiscovery, resultOf, start } from './testing/harvest-stage.ts';

const NOBODY = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

let stage: MediaStage;
let root: MediaClient;

beforeAll(async () => {
  stage = await openMediaStage({ FIREBASE_PROJECT_ID: 'demo-harvest' });
  root = stage.as('root');
});
afterAll(() => stage.close());
afterEach(() => wipe(stage.db));

const status = async (query = '') =>
  harvestProgress.parse((await root.get(`/batch-process-status${query}`)).body);
const results = async (query = '') =>
  harvestResults.parse((await root.get(`/batch-process-results${query}`)).body);

describe('before any run', () => {
  it('nothing is going on', async () => {
    expect(await status()).toMatchObject({
      status: 'idle',
      total_users: 0,
      processed_users: 0,
      current_user: null,
      errors: [],
    });
    expect(await results()).toMatchObject({
      status: 'idle',
      total_users_processed: 0,
      user_results: [],
      global_errors: [],
    });
    expect((await root.get('/batch-process-results?format=csv')).status).toBe(404);
    expect(await root.post('/batch-process-cancel')).toMatchObject({
      status: 409,
      body: { code: 'not_running', error: expect.any(String), detail: expect.any(String) },
    });
  });
});

describe('a start', () => {
  it('answers as the seed, at once', async () => {
    const { status: code, headers, body } = await root.post('/batch-process-users');
    expect({ code, body }).toMatchObject({
      code: 200,
      body: {
        message: 'Batch processing started',
        status: 'processing',
        endpoint: '/batch-process-status',
        run_id: expect.any(String),
      },
    });
    const { job_id } = body as { job_id: string };
    expect(headers.get('location')).toBe(`https://media.example/api/jobs/${job_id}`);
    expect((await root.get(`/api/jobs/${job_id}`)).body).toMatchObject({
      type: 'harvest.discover',
      input: { users: null, dry_run: false, force: false, zip: false },
    });
    expect(await status()).toMatchObject({ status: 'processing', total_users: 0 });
    const { rows } = await sql`select 1 from audit_log where action = 'harvest.start'`.execute(stage.db);
    expect(rows).toHaveLength(1);
  });

  it('while a run is under way tells how far that is', async () => {
    const run = await start(root, { users: ['a@x.com', 'b@x.com'], dry_run: true, zip: true });
    await addUser(stage, run, 'a@x.com', { status: 'completed', result: resultOf('a@x.com') });
    await addUser(stage, run, 'b@x.com', { status: 'processing' });
    await addUser(stage, run, 'c@x.com');
    expect((await root.post('/batch-process-users')).body).toMatchObject({
      message: 'Batch processing is already in progress',
      status: 'processing',
      progress: '1/3',
      run_id: run.run_id,
    });
  });

  it('of many at once is one', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => start(root)));
    expect(answers.filter(({ message }) => message === 'Batch processing started')).toHaveLength(1);
    expect(new Set(answers.map(({ run_id }) => run_id)).size).toBe(1);
    expect(await stage.count('jobs')).toBe(1);
  });

  it('with the same Idempotency-Key is the same run, with another body it is refused', async () => {
    const post = (body: unknown, key: string) =>
      root.postJson('/batch-process-users', body, { 'idempotency-key': key });
    const first = await post({ force: true }, 'k1');
    expect(await post({ force: true, dry_run: false }, 'k1')).toMatchObject({
      status: 200,
      body: first.body,
    });
    expect((await post({ force: false }, 'k1')).status).toBe(409);
    // What came while another was under way has not taken its key.
    expect((await post({}, 'k2')).body).toMatchObject({ progress: '0/0' });
    const { job_id } = first.body as { job_id: string };
    await endDiscovery(stage, job_id, { users: 0 });
    expect((await post({}, 'k2')).body).toMatchObject({ message: 'Batch processing started' });
  });

  it.each([
    ['users that are no list', { users: 'a@x.com' }],
    ['no users', { users: [] }],
    ['an empty address', { users: [''] }],
    ['an address that is a number', { users: [7] }],
    ['an address that is too long', { users: ['x'.repeat(321)] }],
    ['too many users', { users: Array.from({ length: 501 }, () => 'a@x.com') }],
    ['a flag that is a text', { force: 'yes' }],
    ['a field that nobody knows', { unknown: true }],
    ['a list', []],
  ])('with %s is refused', async (_what, body) => {
    expect(await root.postJson('/batch-process-users', body)).toMatchObject({ status: 400 });
    expect(await stage.count('jobs')).toBe(0);
  });

  it('is for administrators alone, and so is all the rest', async () => {
    const anna = stage.as('anna');
    const asked = await Promise.all([
      anna.post('/batch-process-users'),
      anna.post('/batch-process-cancel'),
      anna.get('/batch-process-status'),
      anna.get('/batch-process-results'),
      anna.get('/batch-process-files?user=a@x.com'),
    ]);
    expect(asked.map((answer) => answer.status)).toEqual([403, 403, 403, 403, 403]);
    expect((await fetch(`${stage.url}/batch-process-status`)).status).toBe(401);
    expect((await root.get('/batch-process-users')).status).toBe(405);
  });

  it('without a Firebase project says so', async () => {
    const bare = await openMediaStage();
    try {
      expect(await bare.as('root').post('/batch-process-users')).toMatchObject({
        status: 503,
        body: {
          code: 'firebase_not_initialized',
          error: expect.stringContaining('Firebase not initialized'),
        },
      });
      expect((await bare.as('root').get('/batch-process-status')).status).toBe(200);
    } finally {
      await bare.close();
    }
  });

  it('needs no token where the domain is open', async () => {
    const open = await openMediaStage({ OPEN_ROUTES: 'harvest', FIREBASE_PROJECT_ID: 'demo-harvest' });
    try {
      const answer = await fetch(`${open.url}/batch-process-users`, { method: 'POST' });
      expect(answer.status).toBe(200);
      expect(await (await fetch(`${open.url}/batch-process-status/`)).json()).toMatchObject({
        status: 'processing',
      });
    } finally {
      await open.close();
    }
  });
});

describe('a run', () => {
  it('is followed from the ledger while it goes on', async () => {
    const run = await start(root);
    await addUser(stage, run, 'a@x.com', { status: 'completed', result: resultOf('a@x.com') });
    await addUser(stage, run, 'b@x.com', { status: 'failed', error: 'It broke' });
    await addUser(stage, run, 'c@x.com', { status: 'processing' });
    await addUser(stage, run, 'd@x.com', { status: 'processing' });
    await addUser(stage, run, 'e@x.com');
    await endDiscovery(stage, run.job_id, { users: 5 });
    expect(await status()).toMatchObject({
      status: 'processing',
      total_users: 5,
      processed_users: 2,
      current_user: 'd@x.com',
      current_users: ['d@x.com', 'c@x.com'],
      errors: ['b@x.com: It broke'],
      progress_percent: 40,
      finished_at: null,
    });
    expect(await results()).toMatchObject({
      status: 'processing',
      total_users_processed: 2,
      successful_users: 1,
      failed_users: 1,
      total_files_downloaded: 3,
      total_size_bytes: 300,
      processing_time_seconds: expect.any(Number),
    });
  });

  it('is completed with those counted that could not be served whole', async () => {
    const run = await start(root);
    const gone = { failed_files: 1, errors: ['images x: File not found in storage'], skipped_unchanged: 2 };
    await addUser(stage, run, 'a@x.com', { status: 'completed', result: resultOf('a@x.com') });
    await addUser(stage, run, 'b@x.com', { status: 'completed', result: resultOf('b@x.com', gone) });
    await addUser(stage, run, 'c@x.com', { status: 'failed', error: 'It broke' });
    await endDiscovery(stage, run.job_id, { users: 3, problems: ['There is no user z@x.com'] });
    const told = await results();
    expect(told).toMatchObject({
      status: 'completed',
      total_users_processed: 3,
      successful_users: 1,
      failed_users: 2,
      total_files_downloaded: 6,
      skipped_unchanged: 2,
      global_errors: ['There is no user z@x.com'],
    });
    expect(told.processing_time_seconds).toBeGreaterThanOrEqual(60);
    expect(told.user_results.map(({ user_email, status: one, errors }) => [user_email, one, errors])).toEqual(
      [
        ['a@x.com', 'completed', []],
        ['b@x.com', 'completed', ['images x: File not found in storage']],
        ['c@x.com', 'failed', ['It broke']],
      ],
    );
    expect((await results('?limit=1&offset=1')).user_results).toMatchObject([{ user_email: 'b@x.com' }]);
    expect((await status()).errors).toEqual([
      'There is no user z@x.com',
      'b@x.com: images x: File not found in storage',
      'c@x.com: It broke',
    ]);
  });

  it('that could not be done has failed, and says why', async () => {
    const run = await start(root);
    await endDiscovery(stage, run.job_id, { error: 'Permission denied: the service account may not read' });
    expect(await status()).toMatchObject({
      status: 'failed',
      errors: [expect.stringMatching(/^Permission denied/)],
    });
    expect(await results()).toMatchObject({ status: 'failed', global_errors: [expect.any(String)] });
  });

  it('stays to be asked for when there is a later one', async () => {
    const first = await start(root, { dry_run: true });
    await endDiscovery(stage, first.job_id, { users: 0 });
    const second = await start(root);
    expect((await status()).run_id).toBe(second.run_id);
    expect(await status(`?run=${first.run_id.toUpperCase()}`)).toMatchObject({ status: 'completed' });
    expect(await results(`?run=${first.run_id}`)).toMatchObject({ dry_run: true, status: 'completed' });
    expect((await root.get(`/batch-process-status?run=${NOBODY}`)).status).toBe(404);
    expect((await root.get(`/batch-process-results?run=${NOBODY}&format=csv`)).status).toBe(404);
    expect((await root.get('/batch-process-status?run=x')).status).toBe(400);
    expect((await root.get('/batch-process-results?format=xml')).status).toBe(400);
  });

  it('is stopped with everything that it started', async () => {
    const run = await start(root);
    await addUser(stage, run, 'a@x.com', { status: 'completed', result: resultOf('a@x.com') });
    await addUser(stage, run, 'b@x.com', { status: 'processing' });
    await addUser(stage, run, 'c@x.com');
    await endDiscovery(stage, run.job_id, { users: 3 });
    expect(await root.postJson('/batch-process-cancel', { reason: 'Wrong project' })).toMatchObject({
      status: 200,
      body: { message: 'Batch processing cancelled', status: 'failed', run_id: run.run_id },
    });
    expect(await status()).toMatchObject({ status: 'failed', processed_users: 3, current_user: null });
    expect((await status()).errors).toContain('Wrong project');
    expect((await root.post('/batch-process-cancel')).status).toBe(409);
    expect((await start(root)).message).toBe('Batch processing started');
  });

  it('whose own job failed is under way as long as a user is', async () => {
    const run = await start(root);
    await addUser(stage, run, 'a@x.com', { status: 'processing' });
    await endDiscovery(stage, run.job_id, { error: 'Firestore broke off' });
    expect((await start(root)).message).toBe('Batch processing is already in progress');
    expect((await root.post('/batch-process-cancel')).status).toBe(200);
    expect((await start(root)).message).toBe('Batch processing started');
  });
});

describe('what was harvested', () => {
  const harvested = async () => {
    const run = await start(root);
    const id = await addUser(stage, run, 'a@x.com', { status: 'completed', result: resultOf('a@x.com') });
    const files = [
      ['images', 'photo 1.jpg', 'one'],
      ['voices', 'Übung.mp3', 'two'],
    ] as const;
    for (const [position, [kind, name, text]] of files.entries()) {
      const path = `downloads/a_x_com/${kind}/${name}`;
      const head = await stage.store.put(path, Buffer.from(text), { contentType: 'image/jpeg' });
      await sql`
        insert into harvested_files (user_id, source, kind, object_key, bucket, storage_path, generation, size, sha256,
                                     content_type, harvested_at)
        values (${id}, ${path}, ${kind}, ${path}, 'b', ${name}, '1', ${head.size}, ${head.sha256}, 'image/jpeg', now())
      `.execute(stage.db);
      await sql`
        insert into harvest_entries (run_id, user_id, kind, position, media_id, storage_path, outcome, object_key, size)
        values (${run.run_id}, ${id}, ${kind}, ${position}, '=cmd()', ${name}, 'downloaded', ${path}, ${head.size})
      `.execute(stage.db);
    }
    // A name that was given to a file which never came.
    await sql`
      insert into harvested_files (user_id, source, kind, object_key, bucket, storage_path)
      values (${id}, 'never', 'images', 'downloads/a_x_com/images/never.jpg', 'b', 'never.jpg')`.execute(
      stage.db,
    );
    return run;
  };

  it('is listed with addresses that open', async () => {
    await harvested();
    const listed = harvestFiles.parse((await root.get('/batch-process-files?user=A@x.com')).body);
    expect(listed).toMatchObject({ user: 'A@x.com', total: 2 });
    expect(listed.files.map(({ path }) => path)).toEqual([
      'downloads/a_x_com/images/photo 1.jpg',
      'downloads/a_x_com/voices/Übung.mp3',
    ]);
    const opened = await Promise.all(listed.files.map(({ url }) => stage.open(url)));
    expect(await Promise.all(opened.map((answer) => answer.text()))).toEqual(['one', 'two']);
    const unsigned = (listed.files[0]?.url ?? '').replace(/\?.*/, '');
    expect((await stage.open(unsigned)).status).toBe(404);
    const page = harvestFiles.parse(
      (await root.get('/batch-process-files?user=a@x.com&limit=1&offset=1')).body,
    );
    expect(page).toMatchObject({ total: 2, files: [{ path: 'downloads/a_x_com/voices/Übung.mp3' }] });
  });

  it('comes as an archive', async () => {
    await harvested();
    const answer = await root.getBytes('/batch-process-files?user=a@x.com&format=zip');
    expect(answer.headers.get('content-type')).toBe('application/zip');
    expect(answer.headers.get('content-disposition')).toContain('a@x.com.zip');
    const zip = answer.bytes.toString('latin1');
    expect(zip.startsWith('PK\u0003\u0004')).toBe(true);
    expect(zip).toContain('a_x_com/images/photo 1.jpg');
    expect(zip).toContain('one');
    expect(zip).toContain(Buffer.from('a_x_com/voices/Übung.mp3').toString('latin1'));
  });

  it('of nobody that is known is not there', async () => {
    expect((await root.get('/batch-process-files?user=z@x.com')).status).toBe(404);
    expect((await root.get('/batch-process-files')).status).toBe(400);
    expect((await root.get('/batch-process-files?user=%20')).status).toBe(400);
    expect((await root.get('/batch-process-files?user=a@x.com&format=tar')).status).toBe(400);
  });

  it('is told entry by entry, and no cell is a formula', async () => {
    await harvested();
    const jsonl = await root.getBytes('/batch-process-results?format=jsonl');
    expect(jsonl.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = jsonl.bytes.toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { user_email: 'a@x.com', kind: 'images', position: 0, id: '=cmd()', outcome: 'downloaded', size: 3 },
      { user_email: 'a@x.com', kind: 'voices', position: 1, path: 'downloads/a_x_com/voices/Übung.mp3' },
    ]);
    const csv = (await root.getBytes('/batch-process-results?format=csv')).bytes.toString();
    expect(csv.split('\r\n')[1]).toMatch(/^a@x\.com,images,0,'=cmd\(\),photo 1\.jpg,downloaded,/);
  });
});

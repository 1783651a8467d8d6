import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { HarvestResults } from '@mediaworks/contracts';
import type { StorageFault } from '@mediaworks/local-stack/firebase';
import { BUCKET, type HarvestProject, openProject, userIn } from './project.ts';

jest.setTimeout(90_000);

const BYTES = randomBytes(300_000);
const NEWER = randomBytes(200_000);
const status = (...codes: number[]): StorageFault[] => codes.map((code) => ({ status: code }));

/** What goes wrong with the one file of each user, and how often its bytes are then asked for. */
const faults: [name: string, plan: StorageFault[], requests: number][] = [
  ['reset', [{ resetAfter: 100_000 }, { resetAfter: 50_000 }], 3],
  ['truncated', [{ truncateAfter: 120_000 }], 2],
  ['corrupt', [{ corrupt: true }], 2],
  ['stalled', [{ stallAfter: 150_000 }], 2],
  ['busy', status(503, 503), 3],
  ['asked-to-wait', [{ status: 429, retryAfter: '1' }], 2],
  ['broken', status(500, 502, 504), 4],
  ['at-first-byte', [{ resetAfter: 0 }], 2],
];

let project: HarvestProject;
let results: HarvestResults;

beforeAll(async () => {
  project = await openProject({ HARVEST_SILENCE: '8s' });
  const { storage } = project;
  for (const [name, plan] of faults) {
    await project.addFile('images', name, `x/${name}.jpg`, BYTES);
    storage.failNext(`x/${name}.jpg`, ...plan);
  }
  await project.addFile('images', 'replaced', 'x/replaced.jpg', BYTES);
  storage.failNext('x/replaced.jpg', { replaceWith: NEWER });
  await project.addFile('images', 'forbidden', 'x/forbidden.jpg', BYTES);
  storage.failNext('x/forbidden.jpg', { status: 403 });
  await project.addFile('images', 'twice', 'x/twice.jpg', BYTES);
  storage.failNext('x/twice.jpg', ...status(500, 500, 500, 500, 500, 500));
  await project.addFile('images', 'good', 'x/good.jpg', BYTES);
  const names = [...faults.map(([name]) => name), 'replaced'];
  await project.addUsers([
    ...names.map((name) => ({ id: name, email: `${name}@x.com`, imageIds: [name] })),
    { id: 'forbidden', email: 'forbidden@x.com', imageIds: ['forbidden', 'good'] },
    { id: 'twice', email: 'twice@x.com', imageIds: ['twice', 'good'] },
  ]);
  await project.startHarvester({ WORKER_SLOTS: '16' });
  ({ results } = await project.harvest());
}, 90_000);
afterAll(() => project.close(), 60_000);

it.each(faults)('%s: the file is there, byte for byte', async (name, _plan, requests) => {
  expect(userIn(results, `${name}@x.com`)).toMatchObject({
    status: 'completed',
    images_count: 1,
    errors: [],
  });
  const folder = `${name}_x_com`;
  expect(await project.read(`downloads/${folder}/images/${name}.jpg`)).toEqual(BYTES);
  expect(project.fetched()[`x/${name}.jpg`]).toBe(requests);
});

it('a transfer that breaks off goes on where it stopped', () => {
  const ranges = project.storage.requests
    .filter(({ name, media }) => media && name === 'x/reset.jpg')
    .map(({ range }) => range);
  expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
});

it('a file that changes in the middle is fetched as it is afterwards', async () => {
  expect(userIn(results, 'replaced@x.com')).toMatchObject({
    images_count: 1,
    total_size_bytes: NEWER.length,
  });
  expect(await project.read('downloads/replaced_x_com/images/replaced.jpg')).toEqual(NEWER);
});

it('what is forbidden is told at once, and stops nothing else', () => {
  expect(userIn(results, 'forbidden@x.com')).toMatchObject({
    images_count: 1,
    errors: ['images forbidden: Permission denied: the file may not be read'],
  });
  expect(project.fetched()['x/forbidden.jpg']).toBe(1);
});

it('what may pass is left to a later try, which fetches nothing else again', async () => {
  expect(userIn(results, 'twice@x.com')).toMatchObject({
    images_count: 2,
    total_files_downloaded: 2,
    errors: [],
  });
  expect(project.fetched()['x/twice.jpg']).toBe(7);
  const job = await project.jobOf(userIn(results, 'twice@x.com'));
  expect(job.attempts.map(({ error }) => error?.code ?? null)).toEqual(['files_pending', null]);
});

it('only what changed is fetched again; what was lost comes back', async () => {
  const { storage, scene } = project;
  storage.put(BUCKET, 'x/reset.jpg', { bytes: NEWER });
  await rm(`${scene.dataDir}/objects/downloads/corrupt_x_com/images/corrupt.jpg`);
  const before = project.fetched();
  const again = await project.harvest();
  expect(again.results).toMatchObject({ total_files_downloaded: 3, status: 'completed' });
  expect(await project.read('downloads/reset_x_com/images/reset.jpg')).toEqual(NEWER);
  expect(await project.read('downloads/corrupt_x_com/images/corrupt.jpg')).toEqual(BYTES);
  const after = project.fetched();
  const fetched = Object.keys(after).filter((name) => after[name] !== before[name]);
  expect(fetched.sort()).toEqual(['x/corrupt.jpg', 'x/forbidden.jpg', 'x/reset.jpg']);
});

it('a dry run fetches nothing and tells what it would', async () => {
  project.storage.put(BUCKET, 'x/busy.jpg', { bytes: NEWER });
  const before = project.fetched();
  const { results: dry } = await project.harvest({ dry_run: true });
  expect(dry).toMatchObject({
    dry_run: true,
    total_files_downloaded: 0,
    pending_files: 1,
    pending_bytes: NEWER.length,
  });
  expect(project.fetched()).toEqual(before);
  expect(await project.read('downloads/busy_x_com/images/busy.jpg')).toEqual(BYTES);
});

it('force fetches everything of those who are asked for, and an archive is made on request', async () => {
  const users = ['twice@x.com', 'nobody@x.com'];
  const { results: forced } = await project.harvest({ users, force: true, zip: true });
  expect(forced).toMatchObject({
    status: 'completed',
    total_users_processed: 1,
    total_files_downloaded: 2,
    global_errors: ['There is no user nobody@x.com'],
  });
  const zip = await project.read('downloads/twice_x_com/files.zip');
  expect(zip.subarray(0, 2).toString()).toBe('PK');
  expect(zip.includes('images/twice.jpg')).toBe(true);
  expect(zip.includes(BYTES)).toBe(true);
});

interface PutOffJob {
  attempt: number;
  parent_id: string;
  next_run_at: string | null;
}

/** The job of a user that waits for its time. */
async function untilPutOff(parent: string): Promise<PutOffJob & { next_run_at: string }> {
  for (;;) {
    const { jobs } = await project.scene.client.json<{ jobs: PutOffJob[] }>(
      '/api/jobs?type=harvest.user&status=queued',
    );
    for (const job of jobs) {
      const { next_run_at } = job;
      if (job.parent_id === parent && next_run_at !== null) return { ...job, next_run_at };
    }
  }
}

it('who is asked to wait for long comes back later, and no try is used up', async () => {
  project.storage.put(BUCKET, 'x/good.jpg', { bytes: NEWER });
  project.storage.failNext('x/good.jpg', { status: 429, retryAfter: '3000' });
  const { job_id } = await project.start({ users: ['twice@x.com'], force: true });
  const { client } = project.scene;
  const waiting = await untilPutOff(job_id);
  expect(waiting.attempt).toBe(0);
  expect(Date.parse(waiting.next_run_at) - Date.now()).toBeGreaterThan(2_000_000);
  await client.request('/batch-process-cancel', { method: 'POST' });
  expect(await project.status()).toMatchObject({
    status: 'failed',
    errors: expect.arrayContaining(['Cancelled by user']),
  });
});

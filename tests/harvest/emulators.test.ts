import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type Emulator, startStorageEmulator } from '@mediaworks/local-stack/firebase';
import { BUCKET, type HarvestProject, openProject } from './project.ts';

jest.setTimeout(60_000);

let emulator: Emulator;
let project: HarvestProject;
const photo = randomBytes(400_000);

beforeAll(async () => {
  emulator = await startStorageEmulator('demo-harvest');
  project = await openProject({ FIREBASE_STORAGE_EMULATOR_HOST: emulator.host });
  await upload('users/1/photo1.jpg', photo);
  await upload('users/1/Übung ä/../photo2.jpg', Buffer.from('two'));
  await project.addMedia('images', {
    p1: 'users/1/photo1.jpg',
    p2: 'users/1/Übung ä/../photo2.jpg',
    p3: 'gone.jpg',
  });
  await project.addUsers([{ id: 'u1', email: 'user@example.com', imageIds: ['p1', 'p2', 'p3'] }]);
}, 60_000);
afterAll(async () => {
  await project.close();
  await emulator.stop();
}, 60_000);

async function upload(name: string, bytes: Buffer): Promise<void> {
  const query = `uploadType=media&name=${encodeURIComponent(name)}`;
  const response = await fetch(`http://${emulator.host}/upload/storage/v1/b/${BUCKET}/o?${query}`, {
    method: 'POST',
    headers: { authorization: 'Bearer owner', 'content-type': 'image/jpeg' },
    body: new Uint8Array(bytes),
  });
  expect(response.status).toBe(200);
}

it('a harvester without a project says what is missing', async () => {
  const worker = await project.startHarvester({ FIREBASE_PROJECT_ID: '' });
  const { job, results } = await project.harvest();
  expect(job.status).toBe('failed');
  expect(results).toMatchObject({
    status: 'failed',
    global_errors: [expect.stringMatching(/^Firebase not initialized: /)],
  });
  await worker.kill('SIGTERM');
});

it('harvests Firebase’s own storage emulator, once', async () => {
  await project.startHarvester();
  const first = await project.harvest();
  expect(first.results.user_results).toMatchObject([
    { images_count: 2, total_files_downloaded: 2, errors: ['images p3: File not found in storage'] },
  ]);
  expect(await project.tree()).toEqual([
    'downloads/user_example_com/images/photo1.jpg',
    'downloads/user_example_com/images/photo2.jpg',
  ]);
  expect(await project.read('downloads/user_example_com/images/photo1.jpg')).toEqual(photo);
  const second = await project.harvest();
  expect(second.results).toMatchObject({ total_files_downloaded: 0, skipped_unchanged: 2 });
});

it('fetches what was uploaded anew', async () => {
  await upload('users/1/photo1.jpg', Buffer.from('another'));
  const { results } = await project.harvest();
  expect(results).toMatchObject({ total_files_downloaded: 1, skipped_unchanged: 1 });
  expect(await project.read('downloads/user_example_com/images/photo1.jpg')).toEqual(Buffer.from('another'));
});

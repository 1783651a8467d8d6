import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { HarvestResults } from '@mediaworks/contracts';
import { startS3Double } from '@mediaworks/storage/testing';
import { BUCKET, type HarvestProject, openProject, userIn } from './project.ts';

jest.setTimeout(90_000);

const CREDENTIALS = { accessKeyId: 'AKIDHARVEST', secretAccessKey: randomBytes(20).toString('hex') };
const SMALL = randomBytes(300_000);
/** More than the store puts in one request. */
const LARGE = randomBytes(6 * 2 ** 20 + 7);

let s3: Awaited<ReturnType<typeof startS3Double>>;
let project: HarvestProject;
let results: HarvestResults;

beforeAll(async () => {
  s3 = await startS3Double('harvested', CREDENTIALS);
  project = await openProject({
    STORAGE: 's3',
    S3_BUCKET: 'harvested',
    S3_PREFIX: 'kept/',
    S3_ENDPOINT: s3.url,
    S3_FORCE_PATH_STYLE: 'on',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  });
  const { storage } = project;
  await project.addFile('images', 'small', 'a/same.jpg', SMALL);
  await project.addFile('images', 'large', 'b/same.jpg', LARGE);
  await project.addFile('voices', 'up', '../../v/\u00dcbung.mp3', SMALL);
  storage.failNext('a/same.jpg', { corrupt: true });
  storage.failNext('b/same.jpg', { resetAfter: 2_000_000 }, { truncateAfter: 1_000_000 });
  await project.addMedia('images', { gone: 'x/gone.jpg' });
  storage.put(BUCKET, 'x/unlisted.jpg', { bytes: SMALL });
  await project.addUsers([
    { id: 'u1', email: 'user@example.com', imageIds: ['small', 'large', 'gone'], voiceIds: ['up'] },
    { id: 'u2', email: 'user_example@com', imageIds: ['small'] },
  ]);
  await project.startHarvester();
  ({ results } = await project.harvest());
}, 90_000);
afterAll(async () => {
  await project.close();
  await s3.stop();
}, 60_000);

/** Keys under the prefix of the store, without it and without the manifests. */
const tree = () =>
  [...s3.objects.keys()]
    .map((key) => key.replace(/^kept\//, ''))
    .filter((key) => !/\/manifest\.(jsonl|csv)$/.test(key))
    .sort();

async function read(key: string): Promise<Buffer> {
  const { parts } = s3.objects.get(`kept/${key}`) ?? { parts: [] };
  return Buffer.concat(await Promise.all(parts.map(({ path }) => readFile(path))));
}

it('the tree in S3 is the one on a disk, and nothing is left beside it', () => {
  const [first = '', second = ''] = ['user@example.com', 'user_example@com'].map(
    (email) => userIn(results, email)?.folder,
  );
  const [large = ''] = tree().filter((key) => key.startsWith(`downloads/${first}/images/same~`));
  expect(large).toMatch(/\/same~[0-9a-f]{8}\.jpg$/);
  expect(new Set([first, second, 'user_example_com']).size).toBe(2);
  expect(tree()).toEqual(
    [
      `downloads/${first}/images/same.jpg`,
      large,
      `downloads/${first}/voices/\u00dcbung.mp3`,
      `downloads/${second}/images/same.jpg`,
    ].sort(),
  );
  expect(s3.uploads.size).toBe(0);
  expect([...s3.objects.keys()].filter((key) => /\/manifest\.(jsonl|csv)$/.test(key))).toHaveLength(4);
});

it('every file is there byte for byte with its hash, whatever the transfer went through', async () => {
  const folder = userIn(results, 'user@example.com')?.folder ?? '';
  for (const key of tree()) {
    const bytes = key.includes('same~') ? LARGE : SMALL;
    expect((await read(key)).equals(bytes)).toBe(true);
    expect(s3.objects.get(`kept/${key}`)?.headers['x-amz-meta-sha256']).toBe(
      createHash('sha256').update(bytes).digest('hex'),
    );
  }
  expect(userIn(results, 'user@example.com')).toMatchObject({
    folder,
    images_count: 2,
    voices_count: 1,
    failed_files: 1,
    errors: ['images gone: File not found in storage'],
  });
  // Once for each user, and once more for the bytes that were not the stored ones.
  expect(project.fetched()).toMatchObject({ 'a/same.jpg': 3, 'b/same.jpg': 3 });
});

it('a second run fetches nothing', async () => {
  const { 'x/gone.jpg': _gone, ...before } = project.fetched();
  const again = await project.harvest();
  expect(again.results).toMatchObject({ total_files_downloaded: 0, skipped_unchanged: 4 });
  const { 'x/gone.jpg': _again, ...after } = project.fetched();
  expect(after).toEqual(before);
});

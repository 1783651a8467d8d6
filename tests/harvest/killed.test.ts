import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type HarvestProject, openProject } from './project.ts';

jest.setTimeout(120_000);

const FILES = 2;

let project: HarvestProject;
let users: number;

beforeAll(async () => {
  project = await openProject({ WORKER_SLOTS: '4' }, 5);
  // More than one page where this Firestore knows pages.
  users = project.pages ? 320 : 250;
  const numbers = Array.from({ length: users }, (_, n) => n);
  const media: Record<string, string> = {};
  for (const n of numbers) {
    for (let file = 0; file < FILES; file++) {
      media[`${n}-${file}`] = `u/${n}/photo${file}.jpg`;
      const bytes = Buffer.alloc(3_000, `${n}/${file}`);
      project.storage.put('harvest-test.firebasestorage.app', `u/${n}/photo${file}.jpg`, { bytes });
    }
  }
  await project.addMedia('images', media);
  await project.addUsers(
    numbers.map((n) => ({
      id: `u${n}`,
      email: `user${n}@x.com`,
      imageIds: Array.from({ length: FILES }, (_, file) => `${n}-${file}`),
    })),
  );
}, 90_000);
afterAll(() => project.close(), 60_000);

it('kill -9 in the middle: another harvester goes on, and fetches nothing again that was complete', async () => {
  const { scene, storage } = project;
  const first = await project.startHarvester();
  const { job_id } = await project.start();
  const enough = (async () => {
    while (storage.requests.filter(({ media }) => media).length < users / 2) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await enough;
  await first.kill('SIGKILL');
  const complete = await project.tree();
  expect(complete.length).toBeGreaterThan(0);
  expect(complete.length).toBeLessThan(users * FILES);

  await project.startHarvester();
  const job = await scene.client.follow(job_id, () => undefined);
  expect(job.status).toBe('completed');
  const results = await scene.client.json<Record<string, unknown>>('/batch-process-results?limit=1');
  expect(results).toMatchObject({
    total_users_processed: users,
    successful_users: users,
    total_files_downloaded: users * FILES,
  });

  const fetched = project.fetched();
  for (const key of complete) {
    const [, n = '', file = ''] = /user(\d+)_x_com\/images\/photo(\d)\.jpg$/.exec(key) ?? [];
    expect(fetched[`u/${n}/photo${file}.jpg`]).toBe(1);
  }
  const tree = await project.tree();
  expect(tree).toHaveLength(users * FILES);
  for (const key of tree.slice(0, 50)) {
    const [, n = '', file = ''] = /user(\d+)_x_com\/images\/photo(\d)\.jpg$/.exec(key) ?? [];
    expect(await project.read(key)).toEqual(Buffer.alloc(3_000, `${n}/${file}`));
  }
});

it('a second run fetches nothing', async () => {
  const before = project.fetched();
  const { results } = await project.harvest();
  expect(results).toMatchObject({ skipped_unchanged: users * FILES, total_files_downloaded: 0 });
  expect(project.fetched()).toEqual(before);
});

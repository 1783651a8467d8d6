import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { HarvestResults } from '@mediaworks/contracts';
import type { StorageFault } from '@mediaworks/local-stack/firebase';
import { BUCKET, type HarvestProject, openProject } from './project.ts';

jest.setTimeout(120_000);

/** What each eighth file of a user meets on its way, by the user's number; most meet nothing. */
const FAULTS: StorageFault[] = [
  { resetAfter: 1_000 },
  { truncateAfter: 1_500 },
  { corrupt: true },
  { status: 503 },
  { status: 429, retryAfter: '0' },
  { status: 500 },
];
const FAULTY_EVERY = 5;
const FILES = 8;

let project: HarvestProject;
let users: number;
let results: HarvestResults;

const bytesOf = (user: number, file: number) => Buffer.alloc(2_000 + user + file, `${user}/${file};`);
/** The same name in folders of its own, names that lead elsewhere, names that a disk does not take. */
const pathOf = (user: number, file: number) =>
  [
    `u/${user}/a/photo.jpg`,
    `u/${user}/b/photo.jpg`,
    `u/${user}/c/PHOTO.jpg`,
    `u/${user}/../../../etc/passwd`,
    `u/${user}/x\\..\\evil.exe`,
    `u/${user}/U\u0308bung \u{1f600}.jpg`,
    `u/${user}/${'x'.repeat(300)}.jpeg`,
    `u/${user}/no-extension`,
  ][file] ?? '';
const idsOf = (user: number) => Array.from({ length: FILES }, (_, file) => `${user}-${file}`);

/** Entries that can not be had, as many as errors are told of them. */
const ODD: [imageIds: (ids: string[]) => unknown, voiceIds: unknown, errors: number][] = [
  [(ids) => ids, null, 0],
  [(ids) => [...ids, ids[0]], null, 0],
  [(ids) => [...ids, 'no-such-document'], [], 1],
  [(ids) => [...ids, 'pathless', '', 7, 'a/b'], 'not a list', 5],
  [(ids) => [...ids, 'gone', 'foreign'], null, 2],
];
const oddityOf = (user: number) => ODD[user % ODD.length] ?? ODD[0];

beforeAll(async () => {
  project = await openProject({ HARVEST_PAUSE: '5ms' });
  // An emulator that knows no pages is given one.
  users = project.pages ? 500 : 290;
  const media: Record<string, unknown> = {
    gone: 'x/gone.jpg',
    foreign: 'gs://somebody-elses-bucket/secret.jpg',
  };
  for (let user = 0; user < users; user++) {
    for (const [file, id] of idsOf(user).entries()) {
      media[id] = pathOf(user, file);
      project.storage.put(BUCKET, pathOf(user, file), { bytes: bytesOf(user, file) });
    }
    const fault = FAULTS[(user / FAULTY_EVERY) % FAULTS.length];
    if (fault) project.storage.failNext(pathOf(user, user % FILES), fault);
  }
  await project.addMedia('images', media);
  await project.write([['images', 'pathless', { other: true }]]);
  await project.addUsers(
    Array.from({ length: users }, (_, user) => ({
      id: `u${user}`,
      // Two and two become the same folder.
      email: user % 2 === 0 ? `a.${user}@x.com` : `a_${user - 1}@x.com`,
      imageIds: oddityOf(user)?.[0](idsOf(user)),
      voiceIds: oddityOf(user)?.[1],
    })),
  );
  await project.startHarvester();
  ({ results } = await project.harvest());
}, 120_000);
afterAll(() => project.close(), 60_000);

it('everybody is harvested, and only what is not to be had is missing', async () => {
  const numbers = Array.from({ length: users }, (_, user) => user);
  expect(results).toMatchObject({
    status: 'completed',
    total_users_processed: users,
    failed_users: numbers.filter((user) => (oddityOf(user)?.[2] ?? 0) > 0).length,
    total_files_downloaded: users * FILES,
    total_size_bytes: numbers.reduce(
      (sum, user) => sum + idsOf(user).reduce((all, _id, file) => all + bytesOf(user, file).length, 0),
      0,
    ),
    global_errors: [],
  });
  const { rows } = await manifest();
  expect(rows.filter(({ outcome }) => outcome === 'downloaded')).toHaveLength(users * FILES);
  expect(rows.filter(({ outcome }) => outcome === 'failed')).toHaveLength(
    numbers.reduce((sum, user) => sum + (oddityOf(user)?.[2] ?? 0), 0),
  );
  expect(rows.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(
    numbers.filter((user) => user % ODD.length === 1).length,
  );
});

it('every file lies at a place of its own inside the tree, byte for byte', async () => {
  const { rows } = await manifest();
  const downloaded = rows.filter(({ outcome }) => outcome === 'downloaded');
  const tree = await project.tree();
  expect(downloaded.map(({ path }) => path).sort()).toEqual(tree);
  expect(new Set(tree.map((key) => key.toLowerCase())).size).toBe(users * FILES);
  for (const { id, path } of downloaded) {
    expect(path).toMatch(/^downloads\/[^/]+\/images\/[^/]+$/);
    const [user = 0, file = 0] = id.split('-').map(Number);
    expect((await project.read(path)).equals(bytesOf(user, file))).toBe(true);
  }
});

it('a second run fetches nothing of it', async () => {
  const again = await project.harvest();
  expect(again.results).toMatchObject({
    status: 'completed',
    total_files_downloaded: 0,
    skipped_unchanged: users * FILES,
  });
});

async function manifest() {
  const answer = await project.scene.client.request('/batch-process-results?format=jsonl');
  const lines = (await answer.text()).trimEnd().split('\n');
  return { rows: lines.map((line) => JSON.parse(line) as { id: string; outcome: string; path: string }) };
}

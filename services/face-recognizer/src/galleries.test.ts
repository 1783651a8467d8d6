import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { createDatabase, createPool } from '@mediaworks/database';
import type { Executor } from '@mediaworks/jobs';
import { createTestDatabase } from '@mediaworks/local-stack/testing';
import { toBytes } from './embedding-bytes.ts';
import { createGalleries, type Galleries } from './galleries.ts';

const MODEL = 'm';

let db: Executor;
let owner: number;
let galleries: Galleries;
let close: () => Promise<void>;

beforeAll(async () => {
  const servers = await createTestDatabase();
  const pool = createPool(servers.databaseUrl, { max: 4, applicationName: 'test' });
  db = createDatabase(pool);
  close = async () => {
    await pool.end();
    await servers.drop();
  };
});
afterAll(() => close());
beforeEach(async () => {
  owner = await addOwner();
  galleries = open();
});
afterEach(() => {
  jest.restoreAllMocks();
});

const open = (memoryBytes = 1e6) =>
  createGalleries({ db, engine: { modelId: MODEL, dimensions: 2 }, memoryBytes });

async function addOwner(): Promise<number> {
  const uid = randomUUID();
  const row = await db
    .insertInto('users')
    .values({ uid, username: uid, email: null })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

async function addPerson(ownerId = owner): Promise<string> {
  const id = randomUUID();
  await db.insertInto('persons').values({ id, owner_id: ownerId, name: id }).execute();
  return id;
}

async function addPhoto(
  person: string,
  numbers: [number, number],
  model = MODEL,
  ownerId = owner,
): Promise<string> {
  const id = randomUUID();
  const photo = { id, owner_id: ownerId, person_id: person, job_id: null, object_key: id, face: null };
  await db.insertInto('person_photos').values(photo).execute();
  const embedding = toBytes(Float32Array.from(numbers));
  const row = { person_photo_id: id, model_id: model, owner_id: ownerId, embedding };
  await db.insertInto('face_embeddings').values(row).execute();
  return id;
}

const nearest = async (numbers: [number, number]) =>
  (await (await galleries.of(owner)).top(Float32Array.from(numbers), 1))[0]?.person;

test('a gallery is as it is now: whoever came, moved or left', async () => {
  expect((await galleries.of(owner)).persons).toBe(0);
  const [a, b] = [await addPerson(), await addPerson()];
  await addPhoto(a, [1, 0]);
  expect(await nearest([0, 1])).toBe(a);
  const moved = await addPhoto(b, [0, 1]);
  expect(await nearest([0, 1])).toBe(b);
  await db.updateTable('person_photos').set({ person_id: a }).where('id', '=', moved).execute();
  expect(await nearest([0, 1])).toBe(a);
  expect((await galleries.of(owner)).persons).toBe(1);
  await db.deleteFrom('persons').where('id', '=', a).execute();
  expect(await galleries.of(owner)).toMatchObject({ size: 0, persons: 0 });
});

test('a gallery holds its owner’s faces, by the present models', async () => {
  const other = await addOwner();
  await addPhoto(await addPerson(other), [0, 1], MODEL, other);
  await addPhoto(await addPerson(), [0, 1], 'another');
  const own = await addPerson();
  await addPhoto(own, [1, 0]);
  expect(await galleries.of(owner)).toMatchObject({ size: 1, persons: 1 });
  expect(await nearest([0, 1])).toBe(own);
});

test('of one that has not changed nothing is read but its version', async () => {
  await addPhoto(await addPerson(), [1, 0]);
  const first = await galleries.of(owner);
  const asked: string[] = [];
  const original = db.getExecutor().executeQuery.bind(db.getExecutor());
  jest.spyOn(db.getExecutor(), 'executeQuery').mockImplementation((query, ...rest) => {
    asked.push(query.sql);
    return original(query, ...rest);
  });
  expect(await galleries.of(owner)).toBe(first);
  expect(asked).toEqual([expect.stringContaining('select version from galleries')]);
});

test('many who look at once all see what came before they looked', async () => {
  const person = await addPerson();
  const sizes = [];
  for (let n = 1; n <= 5; n++) {
    await addPhoto(person, [1, 0]);
    sizes.push(galleries.of(owner).then(({ size }) => size >= n));
  }
  expect(await Promise.all(sizes)).toEqual([true, true, true, true, true]);
});

test('those that were not used for the longest go when there is no room', async () => {
  galleries = open(1_000);
  const others = [owner, await addOwner(), await addOwner()];
  for (const id of others) {
    const person = await addPerson(id);
    for (let n = 0; n < 2; n++) await addPhoto(person, [1, 0], MODEL, id);
  }
  const [first, second, third] = others as [number, number, number];
  const held = [await galleries.of(first), await galleries.of(second), await galleries.of(third)];
  // Each takes 620 bytes: only the last one is held beside the one in use.
  expect(await galleries.of(third)).toBe(held[2]);
  expect(await galleries.of(first)).not.toBe(held[0]);
  expect((await galleries.of(second)).size).toBe(2);
});

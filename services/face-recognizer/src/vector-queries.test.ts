import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createDatabase, createPool, migrate } from '@mediaworks/database';
import type { Executor } from '@mediaworks/jobs';
import { createTestDatabase } from '@mediaworks/local-stack/testing';
import { sql } from 'kysely';
import { toBytes } from './embedding-bytes.ts';
import { createGalleries } from './galleries.ts';
import { openVectors } from './vector-queries.ts';

jest.setTimeout(60_000);

const MODEL = 'm';
const DIMENSIONS = 16;
const log = { info: () => undefined, warn: () => undefined };

describe('a gallery that is too large for memory', () => {
  let db: Executor;
  let owner: number;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const worker = new Worker(fileURLToPath(new URL('testing/pgvector-main.ts', import.meta.url)), {
      execArgv: ['--import', new URL('../../../scripts/run-source.mjs', import.meta.url).href],
    });
    const [url] = (await once(worker, 'message')) as [string];
    await migrate(url);
    // Its connections share one session, and with it the names of prepared statements.
    const pool = createPool(url, { max: 1, applicationName: 'test' });
    db = createDatabase(pool);
    close = async () => {
      await pool.end();
      await worker.terminate();
    };
  });
  afterAll(() => close());
  beforeEach(async () => {
    owner = await addOwner();
  });

  async function addOwner(): Promise<number> {
    const uid = randomUUID();
    const row = { uid, username: uid, email: null };
    return (await db.insertInto('users').values(row).returning('id').executeTakeFirstOrThrow()).id;
  }

  async function addPersons(count: number, ownerId = owner): Promise<string[]> {
    const rows = Array.from({ length: count }, () => randomUUID()).map((id) => ({
      ...{ id, owner_id: ownerId, name: id },
    }));
    await db.insertInto('persons').values(rows).execute();
    return rows.map(({ id }) => id);
  }

  /** Enrols photos, each of a person of the list in turn. */
  async function enrol(persons: readonly string[], embeddings: readonly Float32Array[], ownerId = owner) {
    const rows = embeddings.map((embedding, n) => ({
      ...{ id: randomUUID(), person: persons[n % persons.length] ?? '', embedding: toBytes(embedding) },
    }));
    const photos = rows.map(({ id, person }) => ({
      ...{ id, owner_id: ownerId, person_id: person, job_id: null, object_key: id, face: null },
    }));
    await db.insertInto('person_photos').values(photos).execute();
    const described = rows.map(({ id, embedding }) => ({
      ...{ person_photo_id: id, model_id: MODEL, owner_id: ownerId, embedding },
    }));
    await db.insertInto('face_embeddings').values(described).execute();
    return rows.map(({ id }) => id);
  }

  const open = async (memoryBytes = 0) => {
    const vectors = await openVectors(db, MODEL, log);
    if (!vectors) throw new Error('there is no pgvector');
    return createGalleries({ db, engine: { modelId: MODEL, dimensions: DIMENSIONS }, memoryBytes, vectors });
  };
  const countVectors = async () => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from face_vectors where owner_id = ${owner}`.execute(db);
    return rows[0]?.n;
  };

  it('is searched by the database, which finds the same', async () => {
    const other = await addOwner();
    await enrol(await addPersons(1, other), [direction(1)], other);
    await enrol(
      await addPersons(60),
      Array.from({ length: 1_300 }, (_, n) => direction(n)),
    );
    const inDatabase = await (await open()).of(owner);
    const inMemory = await (await open(1e9)).of(owner);
    expect(await countVectors()).toBe(1_300);
    expect(inDatabase).toMatchObject({ size: 1_300, persons: 60 });
    for (let n = 0; n < 20; n++) {
      const wanted = await inMemory.top(direction(10_000 + n), 3);
      expect(await inDatabase.top(direction(10_000 + n), 3)).toEqual(
        wanted.map((match) => ({ ...match, similarity: expect.closeTo(match.similarity, 5) })),
      );
    }
  });

  it('is as it is now: whoever came, moved or left', async () => {
    const galleries = await open();
    const [a = '', b = ''] = await addPersons(2);
    await enrol([a], [direction(1)]);
    const nearest = async () => (await (await galleries.of(owner)).top(direction(2), 1))[0]?.person;
    expect(await nearest()).toBe(a);
    const [moved = ''] = await enrol([b], [direction(2)]);
    expect(await nearest()).toBe(b);
    await db.updateTable('person_photos').set({ person_id: a }).where('id', '=', moved).execute();
    expect(await nearest()).toBe(a);
    expect((await galleries.of(owner)).persons).toBe(1);
    await db.deleteFrom('persons').where('id', '=', a).execute();
    expect(await galleries.of(owner)).toMatchObject({ size: 0, persons: 0 });
    expect(await countVectors()).toBe(0);
  });

  it('goes into memory where it has room there', async () => {
    const persons = await addPersons(1);
    await enrol(persons, [direction(1)]);
    await (await open(1e9)).of(owner);
    expect(await countVectors()).toBe(0);
  });

  it('is copied once by replicas that look at once', async () => {
    await enrol(
      await addPersons(3),
      Array.from({ length: 30 }, (_, n) => direction(n)),
    );
    const replicas = await Promise.all([open(), open(), open()]);
    const found = await Promise.all(
      replicas.map(async (galleries) => (await galleries.of(owner)).top(direction(7), 1)),
    );
    expect(found.map(([best]) => best?.similarity)).toEqual([1, 1, 1].map((one) => expect.closeTo(one, 5)));
    expect(await countVectors()).toBe(30);
  });
});

it('a database without pgvector has no such search', async () => {
  const servers = await createTestDatabase();
  const pool = createPool(servers.databaseUrl, { max: 1, applicationName: 'test' });
  expect(await openVectors(createDatabase(pool), MODEL, log)).toBeUndefined();
  await pool.end();
  await servers.drop();
});

/** Another direction for each number, of length 1. */
function direction(n: number): Float32Array {
  const numbers = Array.from({ length: DIMENSIONS }, (_, at) => Math.sin((n + 1) * (at + 1) * 12.9898));
  const length = Math.hypot(...numbers);
  return Float32Array.from(numbers, (value) => value / length);
}

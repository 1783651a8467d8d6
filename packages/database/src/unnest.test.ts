import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createEmptyDatabase } from '@mediaworks/local-stack/testing';
import { type Kysely, sql } from 'kysely';
import type pg from 'pg';
import { createDatabase, createPool } from './connect.ts';
import type { Database } from './schema.ts';
import { unnest } from './unnest.ts';

describe('arrays as rows', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let pool: pg.Pool;
  let db: Kysely<Database>;

  beforeEach(async () => {
    database = await createEmptyDatabase();
    // One connection, so that what is prepared is on the one that is asked.
    pool = createPool(database.databaseUrl, { max: 1, applicationName: 'test' });
    db = createDatabase(pool);
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  test('stand side by side', async () => {
    const { rows } = await sql`
      select * from ${unnest([[2, 1], 'int'], [['b', null], 'text'], [['{"a":1}', null], 'jsonb'])}
        as g (number, word, value)`.execute(db);
    expect(rows).toEqual([
      { number: 2, word: 'b', value: { a: 1 } },
      { number: 1, word: null, value: null },
    ]);
  });

  test('none are no rows', async () => {
    const { rows } = await sql`select * from ${unnest([[], 'uuid'])} as g (id)`.execute(db);
    expect(rows).toEqual([]);
  });

  test('are joined to a large table by one plan for all calls', async () => {
    await sql`create table things (id uuid primary key, size int)`.execute(db);
    await sql`insert into things select gen_random_uuid(), n from generate_series(1, 5000) n`.execute(db);
    await sql`analyze things`.execute(db);
    const find = (ids: string[]) =>
      sql`
        update things t set size = g.size
        from ${unnest([ids, 'uuid'], [ids.map(() => 1), 'int'])} as g (id, size) where t.id = g.id`.execute(
        db,
      );
    for (let n = 0; n < 10; n++) await find([randomUUID()]);
    const { rows } = await pool.query<{ generic: string; custom: string }>(
      "select generic_plans as generic, custom_plans as custom from pg_prepared_statements where statement like '%unnest%'",
    );
    // Postgres plans the first five with their values, to compare.
    expect(rows.map(({ generic, custom }) => [Number(generic), Number(custom)])).toEqual([[5, 5]]);
  });
});

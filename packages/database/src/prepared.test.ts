import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createEmptyDatabase } from '@mediaworks/local-stack/testing';
import { type Kysely, sql } from 'kysely';
import type pg from 'pg';
import { createDatabase, createPool } from './connect.ts';
import type { Database } from './schema.ts';

describe('prepared statements', () => {
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
  const prepared = async () => {
    const { rows } = await pool.query<{ statement: string }>('select statement from pg_prepared_statements');
    return rows.map((row) => row.statement);
  };
  const numberOf = (n: number) => sql<{ n: number }>`select ${n}::int as n`.execute(db);

  it('parses a statement once, whatever its values', async () => {
    expect((await numberOf(1)).rows).toEqual([{ n: 1 }]);
    expect((await numberOf(2)).rows).toEqual([{ n: 2 }]);
    await sql`select 3`.execute(db);
    expect(await prepared()).toEqual(['select $1::int as n']);
  });

  it('keeps no more than a connection can bear', async () => {
    for (let n = 0; n < 250; n++) await sql`select ${n}::int as ${sql.ref(`n${n}`)}`.execute(db);
    expect(await prepared()).toHaveLength(200);
  });

  it('goes on after a migration that changed what a statement answers', async () => {
    await sql`create table things (id int)`.execute(db);
    const things = () => sql`select * from things where id > ${0}`.execute(db);
    await sql`insert into things values (${1})`.execute(db);
    expect((await things()).rows).toEqual([{ id: 1 }]);
    await sql`alter table things add column name text`.execute(db);
    await expect(things()).rejects.toMatchObject({ code: '0A000' });
    expect((await things()).rows).toEqual([{ id: 1, name: null }]);
  });

  it('does not go on for long with a plan that was made for a table while it was small', async () => {
    await sql`create table things (id int primary key)`.execute(db);
    await sql`alter table things set (autovacuum_enabled = off)`.execute(db);
    const find = () => sql`select id from things where id = any(${[1, 2]}::int[])`.execute(db);
    const plan = async () => {
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain execute "s0-0" ('{1,2}')`);
      return rows.map((row) => row['QUERY PLAN']).join();
    };
    await sql`insert into things select 1`.execute(db);
    await sql`analyze things`.execute(db);
    // The first five are planned with their values.
    for (let n = 0; n < 6; n++) await find();
    await sql`insert into things select generate_series(2, 100000)`.execute(db);
    await find();
    expect(await plan()).toContain('Seq Scan');
    const later = performance.now() + 10_000;
    jest.spyOn(performance, 'now').mockReturnValue(later);
    await find();
    jest.restoreAllMocks();
    expect(await plan()).toContain('Index');
  });

  it('prepares nothing where it is told not to', async () => {
    db = createDatabase(pool, { prepare: false });
    expect((await numberOf(1)).rows).toEqual([{ n: 1 }]);
    expect(await prepared()).toEqual([]);
  });
});

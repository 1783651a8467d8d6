import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createEmptyDatabase, sourceNodeArgs, workspacePath } from '@mediaworks/local-stack/testing';
import type pg from 'pg';
import { createPool } from './connect.ts';
import { migrate } from './migrate.ts';

describe('migrate', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let pool: pg.Pool;
  let folder: string;

  beforeEach(async () => {
    database = await createEmptyDatabase();
    pool = createPool(database.databaseUrl, { max: 2, applicationName: 'test' });
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
    await rm(folder, { recursive: true });
  });
  const file = (name: string, sql: string) => writeFile(join(folder, name), sql);
  const migrateHere = () => migrate(database.databaseUrl, { folder });
  const names = async () => {
    const { rows } = await pool.query<{ name: string }>('select name from schema_migrations order by name');
    return rows.map((row) => row.name);
  };

  it('applies each file once, whoever asks: ten processes at once', async () => {
    const runs = Array.from({ length: 10 }, async () => {
      const child = spawn(
        process.execPath,
        [...sourceNodeArgs, workspacePath('packages/database/src/migrate-main.ts')],
        {
          env: { PATH: process.env['PATH'], DATABASE_URL: database.databaseUrl },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      const [code] = (await once(child, 'close')) as [number];
      return {
        code,
        applied: [...output.matchAll(/"applied (\d{4}-[a-z-]+\.sql)"/g)].map((match) => match[1]),
      };
    });
    const ended = await Promise.all(runs);
    expect(ended.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 0));
    const applied = ended.flatMap((run) => run.applied).sort();
    expect(applied).toEqual(await names());
    expect(applied).toContain('0001-jobs.sql');
    expect(await migrate(database.databaseUrl)).toEqual([]);
  }, 60_000);

  it('says which it applied, in order, and keeps what came before a failing one', async () => {
    await file('0001-one.sql', 'create table one (id int);');
    await file('0002-two.sql', 'create table two (id int); select 1 / 0;');
    await expect(migrateHere()).rejects.toThrow('migration 0002-two.sql failed: division by zero');
    expect(await names()).toEqual(['0001-one.sql']);
    expect((await pool.query("select to_regclass('two') as found")).rows).toEqual([{ found: null }]);
    await file('0002-two.sql', 'create table two (id int);');
    expect(await migrateHere()).toEqual(['0002-two.sql']);
  });

  it('refuses an applied file that was edited, except for its line ends', async () => {
    await file('0001-one.sql', 'create table one (id int);\n');
    await migrateHere();
    await file('0001-one.sql', 'create table one (id int);\r\n');
    expect(await migrateHere()).toEqual([]);
    await file('0001-one.sql', 'create table one (id bigint);\n');
    await expect(migrateHere()).rejects.toThrow('0001-one.sql was edited after it was applied');
  });

  it('refuses misnamed files, a number twice, and a late one', async () => {
    await file('1-one.sql', 'select 1');
    await expect(migrateHere()).rejects.toThrow('migration 1-one.sql: expected a name');
    await rm(join(folder, '1-one.sql'));
    await file('0002-two.sql', 'select 1');
    await file('0002-too.sql', 'select 1');
    await expect(migrateHere()).rejects.toThrow('its number is there twice');
    await rm(join(folder, '0002-too.sql'));
    await migrateHere();
    await file('0001-one.sql', 'select 1');
    await expect(migrateHere()).rejects.toThrow('0001-one.sql comes before 0002-two.sql');
  });

  it('makes an index without blocking writers while others wait to migrate, and again after it was cut short', async () => {
    await file('0001-one.sql', 'create table one (id int); insert into one values (1), (1);');
    await file(
      '0002-unique.sql',
      '-- no-transaction\ncreate unique index concurrently if not exists one_id on one (id);',
    );
    await expect(migrateHere()).rejects.toThrow('0002-unique.sql failed');
    const invalid = await pool.query('select 1 from pg_index where not indisvalid');
    expect(invalid.rowCount).toBe(1);
    await pool.query('delete from one');
    const applied = await Promise.all(Array.from({ length: 4 }, migrateHere));
    expect(applied.flat()).toEqual(['0002-unique.sql']);
    const valid = await pool.query(
      "select 1 from pg_index where indexrelid = 'one_id'::regclass and indisvalid",
    );
    expect(valid.rowCount).toBe(1);
  });

  it('puts the open jobs of an older database into the outbox: those told as told, those untold once', async () => {
    const own = fileURLToPath(new URL('../migrations/', import.meta.url));
    const told = '0013-told-deliveries.sql';
    for (const name of await readdir(own))
      if (name < told) await copyFile(join(own, name), join(folder, name));
    await migrateHere();
    await pool.query(`
      insert into users (uid, username) values ('anna', 'anna');
      insert into jobs (id, type, queue, owner_id, priority, status, input, max_attempts, next_run_at)
      select gen_random_uuid(), t.type, 'media-transcoder', 1, 'bulk', t.status, '{}', 3, t.due::timestamptz
      from (values ('untold', 'queued', null), ('told', 'queued', null), ('put off', 'queued', '2100-01-01'),
        ('worked on', 'processing', null), ('done', 'completed', null)) as t (type, status, due);
      insert into outbox (job_id, run, type, queue, priority)
      select id, run, type, queue, priority from jobs, generate_series(1, 2) where type = 'untold'`);
    await copyFile(join(own, told), join(folder, told));
    expect(await migrateHere()).toEqual([told]);
    const { rows } = await pool.query(
      'select type, told_at is not null as told, not_before is not null as put_off from outbox order by type',
    );
    expect(rows).toEqual([
      { type: 'put off', told: true, put_off: true },
      { type: 'told', told: true, put_off: false },
      { type: 'untold', told: false, put_off: false },
      { type: 'worked on', told: true, put_off: false },
    ]);
  });
});

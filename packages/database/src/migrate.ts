import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export interface MigrateOptions {
  /** Told each file as it is applied. */
  log?: (message: string) => void;
  /** Where the numbered files are; default this package's own. */
  folder?: string;
  /** Give up waiting for another process that migrates, in ms; default 5 minutes. */
  lockTimeoutMs?: number;
}

interface Migration {
  name: string;
  sql: string;
  sha256: string;
  /** `create index concurrently` refuses to run in a transaction. */
  alone: boolean;
}

const OWN_FOLDER = fileURLToPath(new URL('../migrations/', import.meta.url));
const FILE_NAME = /^\d{4}-[a-z0-9-]+\.sql$/;
const NO_TRANSACTION = '-- no-transaction';
/** Any number that is ours alone; advisory locks are per database. */
const LOCK = 7_733_015_220;
const LOCK_RETRY_MS = 100;

/**
 * Brings the database up to the newest migration; any number of processes may do it at once, and one does the work.
 * Each file runs in a transaction of its own, except one whose first line is `-- no-transaction`, which holds a single
 * statement. The session must be a direct one: an advisory lock means nothing through a transaction-pooling proxy.
 *
 * @returns the names of the files that this call applied
 * @throws Error when a file is misnamed, was edited after it was applied, or fails
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const migrations = await readMigrations(options.folder ?? OWN_FOLDER);
  const client = new pg.Client({
    connectionString: url,
    application_name: 'migrate',
    connectionTimeoutMillis: 10_000,
  });
  // A broken connection also rejects the query that runs; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await lock(client, options.lockTimeoutMs ?? 300_000);
    await client.query(`create table if not exists schema_migrations (
      name text primary key, sha256 text not null, applied_at timestamptz not null default now())`);
    const pending = await pendingOf(client, migrations);
    for (const migration of pending) {
      await apply(client, migration);
      options.log?.(`applied ${migration.name}`);
    }
    return pending.map(({ name }) => name);
  } finally {
    // Ending the session gives the lock back.
    await client.end();
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const misnamed = names.find((name) => !FILE_NAME.test(name));
  if (misnamed !== undefined) throw new Error(`migration ${misnamed}: expected a name such as 0001-jobs.sql`);
  const twice = names.find((name, i) => names[i - 1]?.slice(0, 4) === name.slice(0, 4));
  if (twice !== undefined) throw new Error(`migration ${twice}: its number is there twice`);
  return Promise.all(
    names.map(async (name) => {
      // A checkout may have changed the line ends, which is no edit.
      const sql = (await readFile(`${folder}/${name}`, 'utf8')).replaceAll('\r\n', '\n');
      const sha256 = createHash('sha256').update(sql).digest('hex');
      return { name, sql, sha256, alone: sql.startsWith(`${NO_TRANSACTION}\n`) };
    }),
  );
}

/**
 * Asks again and again instead of waiting in the server: a session that waits for a lock holds a snapshot, and
 * `create index concurrently` in the session that has the lock would wait for it, a deadlock.
 */
async function lock(client: pg.Client, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock($1::bigint) as taken',
      [LOCK],
    );
    if (rows[0]?.taken) return;
    if (Date.now() > deadline) throw new Error(`another process has been migrating for ${timeoutMs} ms`);
    await wait(LOCK_RETRY_MS);
  }
}

async function pendingOf(client: pg.Client, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    'select name, sha256 from schema_migrations',
  );
  const applied = new Map(rows.map((row) => [row.name, row.sha256]));
  const edited = migrations.find(({ name, sha256 }) => (applied.get(name) ?? sha256) !== sha256);
  if (edited) {
    throw new Error(
      `migration ${edited.name} was edited after it was applied; put it back and add a new one instead`,
    );
  }
  const pending = migrations.filter(({ name }) => !applied.has(name));
  const newest = [...applied.keys()].sort().at(-1) ?? '';
  const late = pending.find(({ name }) => name < newest);
  if (late)
    throw new Error(
      `migration ${late.name} comes before ${newest}, which is applied; give it a higher number`,
    );
  return pending;
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  const note = () =>
    client.query('insert into schema_migrations (name, sha256) values ($1, $2)', [
      migration.name,
      migration.sha256,
    ]);
  try {
    if (migration.alone) {
      await dropInvalidIndexes(client, migration.sql);
      await client.query(migration.sql);
      await note();
      return;
    }
    await client.query('begin');
    await client.query(migration.sql);
    await note();
    await client.query('commit');
  } catch (error) {
    // The connection may be what failed; then there is nothing left to roll back.
    await client.query('rollback').catch(() => undefined);
    throw new Error(
      `migration ${migration.name} failed: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** An interrupted `create index concurrently` leaves its index behind, invalid, and `if not exists` would keep it. */
async function dropInvalidIndexes(client: pg.Client, sql: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
     where not i.indisvalid and pg_table_is_visible(c.oid)`,
  );
  const words = new Set(sql.match(/\w+/g));
  for (const { name } of rows.filter((row) => words.has(row.name))) {
    await client.query(`drop index concurrently ${client.escapeIdentifier(name)}`);
  }
}

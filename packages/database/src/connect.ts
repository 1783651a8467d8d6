import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { preparing } from './prepared.ts';
import type { Database } from './schema.ts';

/** Our ids and sizes stay below 2^53, so int8 is read as a number; a larger one is an error, never a wrong number. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} is not a safe integer`);
  return value;
}

export interface PoolOptions {
  /** Most connections at a time. */
  max: number;
  applicationName: string;
  /** Called when an idle connection breaks: Postgres restarted. The pool itself recovers. */
  onIdleError?: (error: Error) => void;
}

export function createPool(url: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    types: {
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8
          ? parseInt8
          : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
    },
  });
  // Without a listener a broken idle connection would end the process.
  pool.on('error', options.onIdleError ?? (() => undefined));
  return pool;
}

/** @param prepare false where the database is behind a proxy that knows no prepared statements */
export function createDatabase(pool: pg.Pool, { prepare = true } = {}): Kysely<Database> {
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: prepare ? preparing(pool) : pool }) });
}

import { errorCode } from '@mediaworks/runtime';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';

/** Each connection keeps the plans of the statements that it was sent; those that are put together anew stay without. */
const MOST_STATEMENTS = 200;
/** Postgres says so when a migration has changed what a `select *` answers. */
const PLAN_IS_STALE = '0A000';
/**
 * How long a connection keeps its plans. Postgres makes one for the tables as large as they are, and by itself makes it anew
 * only after a vacuum or analyze: what was planned for a handful of rows reads all of them when they are many.
 */
const PLANS_KEPT_MS = 5_000;

/**
 * The same pool with every statement that has parameters prepared: Postgres parses and plans it once a connection and
 * not each time, which for a small write is more work than the write.
 */
export function preparing(pool: pg.Pool): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const plannedAt = new WeakMap<pg.PoolClient, number>();
  const names = new Map<string, string>();
  let generation = 0;

  const nameOf = (text: string): string | undefined => {
    const known = names.get(text);
    if (known !== undefined || names.size >= MOST_STATEMENTS) return known;
    const name = `s${generation}-${names.size}`;
    names.set(text, name);
    return name;
  };
  const forgetOldPlans = (client: pg.PoolClient) => {
    const now = performance.now();
    if (now - (plannedAt.get(client) ?? -Infinity) < PLANS_KEPT_MS) return;
    plannedAt.set(client, now);
    // Where the connection is broken, the statement that follows tells.
    client.query('discard plans').catch(() => undefined);
  };
  const send = async (client: pg.PoolClient, text: string, values: readonly unknown[]) => {
    const name = values.length > 0 ? nameOf(text) : undefined;
    if (name !== undefined) forgetOldPlans(client);
    try {
      return await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
    } catch (error) {
      if (errorCode(error) === PLAN_IS_STALE && name !== undefined) {
        generation++;
        names.clear();
      }
      throw error;
    }
  };
  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    // Kysely asks for cursors as well, of a dialect that is given them.
    const query: unknown = (text: string, values: readonly unknown[]) => send(client, text, values);
    return { query: query as PostgresPoolClient['query'], release: () => client.release() };
  };

  return {
    connect: async () => {
      const client = await pool.connect();
      const wrapped = clients.get(client) ?? wrap(client);
      clients.set(client, wrapped);
      return wrapped;
    },
    end: () => pool.end(),
  };
}

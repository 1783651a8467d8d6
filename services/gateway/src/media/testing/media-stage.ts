import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobError } from '@mediaworks/contracts';
import type { Database } from '@mediaworks/database';
import { createTestDatabase } from '@mediaworks/local-stack/testing';
import type { Logger } from '@mediaworks/runtime';
import { sql } from 'kysely';
import { signOwnToken } from '../../auth/own-tokens.ts';
import { readGatewayEnv } from '../../env.ts';
import { startGateway } from '../../start-gateway.ts';
import { wipe } from '../../testing/wipe.ts';
import { mediaClient } from './media-client.ts';

const quiet = () => undefined;
const log: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
const SECRET = { kid: 'test', secret: 'j'.repeat(32) };

/** The environment of a gateway on servers and a folder of its own. */
export async function openMediaGround(settings: Record<string, string> = {}) {
  const servers = await createTestDatabase();
  const root = await mkdtemp(join(tmpdir(), 'media-test-'));
  const source = {
    NODE_ENV: 'test',
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    QUEUE_PREFIX: servers.queuePrefix,
    STORAGE_ROOT: root,
    URL_SIGNING_SECRET: 's'.repeat(32),
    JWT_SECRETS: `${SECRET.kid}:${SECRET.secret}`,
    SUPER_ADMINS: 'root',
    HOST: '127.0.0.1',
    PORT: '0',
    RATE_LIMIT: '1000000',
    LOG_LEVEL: 'error',
    ...settings,
  };
  const drop = async () => {
    await servers.drop();
    await rm(root, { recursive: true, force: true });
  };
  return { source, drop };
}

/** A token of a user; `root` is named a super admin. */
export function tokenOf(user: string): Promise<string> {
  const claims = {
    user_id: user,
    name: user,
    token_type: 'custom_backend',
  } as const;
  const options = { keys: [SECRET], issuer: 'mediaworks', audience: 'mediaworks' };
  return signOwnToken(options, claims, 3_600);
}

/** A whole gateway on a real Postgres, Redis and store. No worker: a test ends jobs itself. */
export async function openMediaStage(settings: Record<string, string> = {}) {
  const { source, drop } = await openMediaGround({ PUBLIC_URL: 'https://media.example', ...settings });
  const gateway = await startGateway(readGatewayEnv(source), log);
  const { url } = gateway;
  const { db, store, env } = gateway.deps;

  const stage = {
    url,
    /** For another gateway of the same house. */
    source,
    deps: gateway.deps,
    db,
    store,
    env,
    log,
    as: (user: string) => mediaClient(url, tokenOf(user)),
    /** What an answered address opens, asked of this gateway and without a token. */
    open: (address: string) => fetch(address.replace('https://media.example', url)),
    keys: async () => {
      const keys: string[] = [];
      for await (const { key } of store.list('')) keys.push(key);
      return keys;
    },
    count: async (table: keyof Database) => {
      const { rows } = await sql<{
        count: number;
      }>`select count(*) as count from ${sql.table(table)}`.execute(db);
      return rows[0]?.count ?? 0;
    },
    /** Ends an item's job as a worker would. */
    finish: async (item: { job_id: string }, end: { result: object } | { error: JobError }) => {
      const status = 'result' in end ? 'completed' : 'failed';
      const result = 'result' in end ? JSON.stringify(end.result) : null;
      const error = 'error' in end ? JSON.stringify(end.error) : null;
      await sql`
        update jobs set status = ${status}, result = ${result}::jsonb, error = ${error}::jsonb, finished_at = now(),
          progress_percent = 100, progress_stage = 'done', version = version + 1
        where id = ${item.job_id}`.execute(db);
    },
    /** Has the database refuse every new row of a table while `work` runs. */
    refuse: async (table: keyof Database, work: () => Promise<void>) => {
      const name = sql.id('refused');
      await sql`alter table ${sql.table(table)} add constraint ${name} check (false) not valid`.execute(db);
      try {
        await work();
      } finally {
        await sql`alter table ${sql.table(table)} drop constraint ${name}`.execute(db);
      }
    },
    /** Everything but the users goes. */
    wipe: async () => {
      await wipe(db);
      for (const key of await stage.keys()) await store.remove(key);
    },
    close: async () => {
      await gateway.stop(0);
      await drop();
    },
  };
  return stage;
}

export type MediaStage = Awaited<ReturnType<typeof openMediaStage>>;

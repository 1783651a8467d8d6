import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';

export interface TestServers {
  databaseUrl: string;
  redisUrl: string;
}

export interface TestDatabase extends TestServers {
  /** BullMQ's key prefix of this suite alone; `QUEUE_PREFIX` takes it. */
  queuePrefix: string;
  /** Removes the database and the keys. */
  drop(): Promise<void>;
}

export const SERVERS_VARIABLE = 'MEDIAWORKS_TEST_SERVERS';
export const TEMPLATE = 'migrated_template';
const UNLINK_AT_ONCE = 500;

/**
 * The Postgres and the Redis that all suites share: for what needs no database of its own.
 * @throws Error outside a test run
 */
export function testServers(): TestServers {
  const text = process.env[SERVERS_VARIABLE];
  if (text === undefined)
    throw new Error('The test servers run in test runs alone: see jest.global-setup.js');
  return JSON.parse(text) as TestServers;
}

/** A new, migrated, empty database and an unused Redis key prefix. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const servers = testServers();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(servers.databaseUrl, `create database ${name} template ${TEMPLATE}`);
  const url = new URL(servers.databaseUrl);
  url.pathname = name;
  return {
    databaseUrl: url.href,
    redisUrl: servers.redisUrl,
    queuePrefix: name,
    drop: async () => {
      await administer(servers.databaseUrl, `drop database if exists ${name} with (force)`);
      await removeKeys(servers.redisUrl, name);
    },
  };
}

/** A new database with nothing in it, not even the migrations. */
export async function createEmptyDatabase(): Promise<{ databaseUrl: string; drop(): Promise<void> }> {
  const { databaseUrl } = testServers();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(databaseUrl, `create database ${name}`);
  const url = new URL(databaseUrl);
  url.pathname = name;
  return {
    databaseUrl: url.href,
    drop: () => administer(databaseUrl, `drop database if exists ${name} with (force)`),
  };
}

/** What `node` takes before the path of a TypeScript program of the workspace, to run it from its sources. */
export const sourceNodeArgs: readonly string[] = [
  '--import',
  new URL('../../../scripts/run-source.mjs', import.meta.url).href,
];

/** The full path of a file of the workspace, from the path below its root. */
export function workspacePath(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

async function administer(databaseUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'test-setup' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function removeKeys(redisUrl: string, prefix: string): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    let keys: string[] = [];
    for await (const found of redis.scanStream({
      match: `${prefix}*`,
      count: UNLINK_AT_ONCE,
    }) as AsyncIterable<string[]>) {
      keys.push(...found);
      if (keys.length < UNLINK_AT_ONCE) continue;
      await redis.unlink(...keys);
      keys = [];
    }
    if (keys.length > 0) await redis.unlink(...keys);
  } finally {
    redis.disconnect();
  }
}

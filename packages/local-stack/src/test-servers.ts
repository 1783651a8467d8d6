import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@mediaworks/database';
import pg from 'pg';
import { type Server, startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { isRunning } from './running.ts';
import { SERVERS_VARIABLE, TEMPLATE, type TestServers } from './testing.ts';

/**
 * Starts the servers that all suites of a test run share, with a migrated database to copy, and tells the processes
 * that this one starts where they are. Everything is gone after `stop()`.
 */
export async function startTestServers(): Promise<{ stop(): Promise<void> }> {
  const dataDir = await newDataDir();
  const running: Server[] = [];
  const stop = async () => {
    await Promise.all(running.map((server) => server.stop()));
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const hear = () => undefined;
    const postgres = await startPostgres({ dataDir, log: hear });
    running.push(postgres);
    const redis = await startRedis({ dataDir, log: hear });
    running.push(redis);
    await makeTemplate(postgres.url);
    const servers: TestServers = { databaseUrl: postgres.url, redisUrl: redis.url };
    process.env[SERVERS_VARIABLE] = JSON.stringify(servers);
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Named after this process, so that the next run can tell what a killed one left. */
async function newDataDir(): Promise<string> {
  const root = join(tmpdir(), 'mediaworks-test-servers');
  await mkdir(root, { recursive: true });
  for (const name of await readdir(root)) {
    if (!isRunning(Number(name))) await rm(join(root, name), { recursive: true, force: true });
  }
  const dataDir = join(root, String(process.pid));
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { mode: 0o700 });
  return dataDir;
}

async function makeTemplate(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  const url = new URL(databaseUrl);
  url.pathname = TEMPLATE;
  await migrate(url.href);
}

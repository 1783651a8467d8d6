import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, freePort, services, startStack } from '@mediaworks/local-stack';
import pg from 'pg';

export interface WorkerProcess {
  readonly pid: number;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/**
 * A stack of its own in a folder of its own: real Redis, real Postgres, the real gateway, and workers that the
 * test starts and kills itself. Leases are short, so that recovery is quick.
 */
export async function openScene(settings: NodeJS.ProcessEnv = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'fault-'));
  const env = {
    PATH: process.env['PATH'],
    LEASE: '3s',
    SWEEP_INTERVAL: '300ms',
    RATE_LIMIT: '1000000',
    STORAGE_ROOT: join(dataDir, 'objects'),
    TMP_ROOT: join(dataDir, 'tmp'),
    URL_SIGNING_SECRET: randomBytes(32).toString('hex'),
    STATIC_BEARER_TOKEN: randomBytes(32).toString('hex'),
    ...settings,
  };
  const stack = await startStack({
    dataDir,
    services: services.filter(({ name }) => name === 'gateway'),
    env: { ...env, PORT: String(await freePort()) },
    log: () => undefined,
  });
  if (stack.baseUrl === undefined) throw new Error('the gateway has no address');
  const database = new pg.Pool({ connectionString: stack.databaseUrl, max: 4 });
  database.on('error', () => undefined);
  const workers = new Set<ChildProcess>();

  return {
    ...stack,
    dataDir,
    client: new Client(stack.baseUrl, stack.token),
    /** Rows of a query against the ledger. */
    async query<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
      return (await database.query<T>(text, values)).rows;
    },
    /** Starts a worker and resolves when it takes work. */
    async startWorker(more: NodeJS.ProcessEnv = {}, service = 'media-transcoder'): Promise<WorkerProcess> {
      const main = new URL(`../services/${service}/dist/main.js`, import.meta.url).pathname;
      const child = spawn(process.execPath, [main], {
        env: {
          ...env,
          DATABASE_URL: stack.databaseUrl,
          REDIS_URL: stack.redisUrl,
          HEALTH_PORT: String(await freePort()),
          ...more,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      workers.add(child);
      const exited = once(child, 'exit');
      await said(child, '"ready"');
      child.stdout?.resume();
      return {
        pid: child.pid ?? 0,
        kill: async (signal) => {
          child.kill(signal);
          await exited;
          workers.delete(child);
        },
      };
    },
    async close() {
      for (const worker of workers) {
        const exited = once(worker, 'exit');
        worker.kill('SIGKILL');
        await exited;
      }
      await database.end();
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type Scene = Awaited<ReturnType<typeof openScene>>;

/** Resolves when the process has written `text` to its log. */
async function said(child: ChildProcess, text: string): Promise<void> {
  if (!child.stdout) return;
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    if (String(chunk).includes(text)) return;
  }
  throw new Error('the worker ended before it was ready');
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '@mediaworks/database';
import { nodeTuning, startPostgres, startRedis, transcoderTuning } from '@mediaworks/local-stack';
import { type Child, startScript } from './child.ts';

export interface Stack {
  /** Of the gateway. */
  readonly url: string;
  /** Goes into `Authorization`. */
  readonly authorization: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly gateway: Child;
  readonly worker: Child | undefined;
  /** What the services run with: for more of them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the servers, for their CPU time. */
  readonly pids: { readonly postgres: number; readonly redis: number };
  stop(): Promise<void>;
}

const TOKEN = 'a-token-for-benchmarks-alone';
const gatewayMain = new URL('../../services/gateway/dist/main.js', import.meta.url);
const transcoderMain = new URL('../../services/media-transcoder/dist/main.js', import.meta.url);

/**
 * The real thing on one machine: Postgres and Redis that keep what they were told, a gateway process and, where `slots`
 * are asked for, a media-transcoder process. Only the rate limit is out of the way.
 */
export async function openStack(
  dir: string,
  options: { slots?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<Stack> {
  const dataDir = join(dir, 'stack');
  await mkdir(dataDir, { recursive: true });
  const log = () => undefined;
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const postgres = await startPostgres({ dataDir, log });
    stops.push(postgres.stop);
    const redis = await startRedis({ dataDir, log });
    stops.push(redis.stop);
    await migrate(postgres.url);
    const env = {
      ...nodeTuning,
      NODE_ENV: 'production',
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      STORAGE: 'local',
      STORAGE_ROOT: join(dir, 'objects'),
      URL_SIGNING_SECRET: 'a-signing-secret-for-benchmarks-alone',
      STATIC_BEARER_TOKEN: TOKEN,
      RATE_LIMIT: '100000000',
      PORT: '0',
      TMP_ROOT: dir,
      ...options.env,
    };
    const gateway = await startScript(gatewayMain, [], { env, ready: '"listening"' });
    stops.push(gateway.stop);
    const worker =
      options.slots === undefined
        ? undefined
        : await startScript(transcoderMain, [], {
            env: { ...env, ...transcoderTuning, WORKER_SLOTS: String(options.slots) },
            ready: '"ready"',
          });
    if (worker) stops.push(worker.stop);
    const { url } = JSON.parse(gateway.line) as { url: string };
    return {
      ...{ url, gateway, worker, stop, env },
      pids: { postgres: postgres.pid(), redis: redis.pid() },
      authorization: `Bearer ${TOKEN}`,
      databaseUrl: postgres.url,
      redisUrl: redis.url,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

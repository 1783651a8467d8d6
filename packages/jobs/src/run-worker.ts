import { availableParallelism } from 'node:os';
import type { QueueName } from '@mediaworks/contracts';
import { createDatabase, createPool } from '@mediaworks/database';
import {
  createLog,
  createMetrics,
  errorFields,
  giveHeapRoom,
  jobsEnv,
  type Logger,
  onShutdown,
  processEnv,
  readEnv,
  type Registry,
  serveHealth,
  startTelemetry,
  sweepTempDirs,
} from '@mediaworks/runtime';
import { type ObjectStore, openStore, storageEnv } from '@mediaworks/storage';
import { sql } from 'kysely';
import { z } from 'zod';
import { connectRedis, refuseEviction } from './bullmq.ts';
import type { Executor } from './ledger.ts';
import { workerMetrics } from './metrics.ts';
import { openSignals } from './signals.ts';
import { type HandlersFor, startWorker } from './worker.ts';

export type { HandlersFor } from './worker.ts';

/** What every worker service reads besides {@link processEnv}, {@link jobsEnv} and {@link storageEnv}. */
const workerEnv = {
  WORKER_SLOTS: z.coerce.number().int().min(1).max(256).optional(),
  HEALTH_HOST: z.string().default('127.0.0.1'),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  SERVICE_VERSION: z.string().default('dev'),
};

/** What a service may build its handlers on, beside its own settings. */
export interface ServiceHouse {
  readonly db: Executor;
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly metrics: Registry;
  /** Jobs that it runs at a time. */
  readonly slots: number;
  /** Says what else this worker works with, such as the version of a program; administrators see it. */
  announce(what: string): void;
}

/**
 * The main program of a worker service: reads the environment, connects, serves health and metrics, runs the handlers,
 * and on SIGTERM drains within the grace period.
 */
export async function runWorker<Q extends QueueName, Extra extends z.ZodRawShape>(service: {
  queue: Q;
  /** Jobs at a time where WORKER_SLOTS does not say it; default: as many as there are cores. */
  slots?: number;
  /** See {@link giveHeapRoom}. */
  heapGrowthPercent?: number;
  /** Settings of this service alone. */
  env: Extra;
  handlers: (env: z.infer<z.ZodObject<Extra>>, house: ServiceHouse) => Promise<HandlersFor<Q>>;
  /** Time between two jobs of the queue, whichever replica takes them, in ms; asked anew for each. Default: none. */
  paceMs?: (env: z.infer<z.ZodObject<Extra>>) => number;
}): Promise<void> {
  giveHeapRoom(service.heapGrowthPercent);
  const env = readEnv({ ...processEnv, ...jobsEnv, ...storageEnv, ...workerEnv });
  const slots = env.WORKER_SLOTS ?? service.slots ?? availableParallelism();
  const own = readEnv(service.env);
  const log = createLog(service.queue, { level: env.LOG_LEVEL, format: env.LOG_FORMAT });
  const telemetry = await startTelemetry(service.queue, env.OTEL_EXPORTER_OTLP_ENDPOINT);
  const metrics = createMetrics(service.queue);
  const pool = createPool(env.DATABASE_URL, { max: env.DATABASE_POOL, applicationName: service.queue });
  const db = createDatabase(pool, { prepare: env.DATABASE_PREPARE });
  const store = await openStore(env);
  const redis = connectRedis(env.REDIS_URL, (error) => log.warn('Redis is away', errorFields(error)));
  redis.on('ready', () => {
    refuseEviction(redis).catch((error: unknown) => {
      log.error('Redis is not safe for jobs', errorFields(error));
      process.exit(1);
    });
  });
  await sweepTempDirs(env.TMP_ROOT);

  const connection = {
    redisUrl: env.REDIS_URL,
    prefix: env.QUEUE_PREFIX,
    traced: env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
  };
  const signals = openSignals(redis, env.QUEUE_PREFIX, (error) => log.debug('signals', errorFields(error)));
  const about = [env.SERVICE_VERSION];
  const handlers = await service.handlers(own, {
    ...{ db, store, log, metrics, slots },
    announce: (what) => void about.push(what),
  });
  const { paceMs } = service;
  const worker = startWorker({
    queue: service.queue,
    handlers,
    ...(paceMs ? { paceMs: () => paceMs(own) } : {}),
    slots,
    leaseMs: env.LEASE,
    version: about.join(', '),
    tmpRoot: env.TMP_ROOT,
    db,
    store,
    signals,
    connection,
    metrics: workerMetrics(metrics),
    log,
  });
  const health = await serveHealth({
    port: env.HEALTH_PORT,
    host: env.HEALTH_HOST,
    metrics,
    checks: {
      database: async () => void (await sql`select 1`.execute(db)),
      queue: async () => void (await redis.ping()),
      storage: () => store.check(),
    },
  });
  onShutdown(log, env.SHUTDOWN_GRACE, async () => {
    health.drain();
    await worker.stop(env.SHUTDOWN_GRACE - 4_000);
    signals.close();
    redis.disconnect();
    await pool.end();
    await telemetry.stop();
    health.stop();
  });
  log.info('ready', { slots });
}

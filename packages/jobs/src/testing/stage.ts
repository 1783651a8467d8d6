import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InputOf, JobStatus } from '@mediaworks/contracts';
import { createDatabase, createPool } from '@mediaworks/database';
import { createTestDatabase } from '@mediaworks/local-stack/testing';
import { createMetrics } from '@mediaworks/runtime';
import { createLocalStore } from '@mediaworks/storage';
import { connectRedis } from '../bullmq.ts';
import { startDispatcher } from '../dispatcher.ts';
import { newJob } from '../enqueue.ts';
import { workerMetrics } from '../metrics.ts';
import { openSignals } from '../signals.ts';
import type { JobRow } from '../views.ts';
import { silentLog as log } from './silent-log.ts';
import { type HandlersFor, startWorker } from '../worker.ts';

/**
 * A ledger on a real Postgres, a real Redis under a prefix of its own, a dispatcher, and workers with the handlers of
 * the test. The job types are the media service's: `media.transcode` is interactive with 3 tries, `media.purge` bulk.
 */
export async function openStage(options: { leaseMs?: number; sweepIntervalMs?: number } = {}) {
  const servers = await createTestDatabase();
  const pool = createPool(servers.databaseUrl, { max: 10, applicationName: 'test' });
  const db = createDatabase(pool);
  const tmpRoot = await mkdtemp(join(tmpdir(), 'jobs-test-'));
  const store = createLocalStore({ root: join(tmpRoot, 'objects'), signingKey: 'k'.repeat(32) });
  const connection = { redisUrl: servers.redisUrl, prefix: servers.queuePrefix, traced: false };
  const dispatcher = startDispatcher({
    db,
    connection,
    sweepIntervalMs: options.sweepIntervalMs ?? 200,
    log,
  });
  const redis = connectRedis(servers.redisUrl, () => undefined);
  await once(redis, 'ready');
  const signals = openSignals(redis, servers.queuePrefix, () => undefined);
  const { id: owner } = await db
    .insertInto('users')
    .values({ uid: 'tester', username: 'tester', email: null })
    .returning('id')
    .executeTakeFirstOrThrow();
  const workers: { stop(graceMs: number): Promise<void> }[] = [];

  const never = () => Promise.reject(new Error('no handler was expected to run'));
  const stage = {
    db,
    dispatcher,
    redis,
    signals,
    owner,
    prefix: servers.queuePrefix,
    tmpRoot,
    startWorker(handlers: Partial<HandlersFor<'media-transcoder'>>, slots = 4, paceMs?: () => number) {
      const worker = startWorker({
        queue: 'media-transcoder',
        handlers: { 'media.transcode': never, 'media.purge': never, ...handlers },
        slots,
        leaseMs: options.leaseMs ?? 3_000,
        ...(paceMs ? { paceMs } : {}),
        version: 'test',
        tmpRoot,
        db,
        store,
        signals,
        connection,
        metrics: workerMetrics(createMetrics('test')),
        log,
      });
      workers.push(worker);
      return worker;
    },
    async submit(type: 'media.transcode' | 'media.purge' = 'media.transcode'): Promise<string> {
      const job =
        type === 'media.transcode'
          ? newJob(type, transcodeInput, { ownerId: owner, requestId: 'req-1' })
          : newJob(type, { keys: [], prefixes: [] }, { ownerId: owner });
      await dispatcher.submit(job);
      return job.id;
    },
    /** Resolves with the job once `condition` holds. */
    until(id: string, condition: (job: JobRow) => boolean): Promise<JobRow> {
      return new Promise((resolve) => {
        const unwatch = dispatcher.watch.watch(id, 0, (job) => {
          if (!condition(job)) return;
          setImmediate(() => unwatch());
          resolve(job);
        });
      });
    },
    ended: (id: string) => stage.until(id, (job) => job.finished_at !== null),
    untilStatus: (id: string, status: JobStatus) => stage.until(id, (job) => job.status === status),
    async close() {
      await Promise.all(workers.map((worker) => worker.stop(0)));
      await dispatcher.stop();
      signals.close();
      redis.disconnect();
      await pool.end();
      await servers.drop();
      await rm(tmpRoot, { recursive: true, force: true });
    },
  };
  return stage;
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

const transcodeInput: InputOf<'media.transcode'> = {
  media_id: 1,
  kind: 'image',
  original_key: 'media/user_1/image/t_photo.jpg',
  token: 't',
  stem: 'photo',
  profile: [],
};

export const transcodeResult = {
  kind: 'image' as const,
  width: 10,
  height: 10,
  duration: null,
  bitrate: null,
  thumbhash: null,
  renditions: {},
  metadata: {},
};

/** A promise with its handle outside. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

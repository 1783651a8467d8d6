import { errorFields, groupCommit, type HealthChecks, type Logger } from '@mediaworks/runtime';
import { sql } from 'kysely';
import type { Redis } from 'ioredis';
import {
  connectRedis,
  deliveryId,
  openQueues,
  type QueueConnection,
  type Queues,
  refuseEviction,
} from './bullmq.ts';
import { insertJobs, type NewJob } from './enqueue.ts';
import { type Again, cancelTree, type Executor, retryJobs } from './ledger.ts';
import { startRelay } from './relay.ts';
import { openSignals } from './signals.ts';
import { startSweeper } from './sweeper.ts';
import { startWatch, type Watch } from './watch.ts';

/** The side of the job lifecycle that accepts work and follows it. Any number of processes may each run one. */
export interface Dispatcher {
  /** Accepts a job in a transaction of its own, together with what else arrived meanwhile. */
  submit(job: NewJob): Promise<void>;
  /** Says that a transaction which inserted jobs has committed. Without it they are told within a second. */
  nudge(): void;
  /** Ends a job and its descendants. @returns whether there was something left to end */
  cancel(id: string, reason: string): Promise<boolean>;
  /**
   * `failed | cancelled → queued` as a new run, together with what else is wished meanwhile; noted in the audit log
   * where an actor is named. @returns false when it is neither, or not the owner's
   */
  retry(id: string, by?: Omit<Again, 'id'>): Promise<boolean>;
  readonly watch: Watch;
  /** For the queue board alone. */
  readonly queues: Queues;
  /** For what is counted across processes (rate limits); may be away at any time. */
  readonly redis: Redis;
  readonly checks: HealthChecks;
  stop(): Promise<void>;
}

export interface DispatcherOptions {
  db: Executor;
  connection: QueueConnection;
  sweepIntervalMs: number;
  log: Logger;
}

/**
 * While one waits for the disk, the next is gathered, sent and worked on; Postgres writes both out at once. Of fifty
 * connections' requests in one turn of the event loop, Postgres has the first third while the rest is parsed.
 */
const FLUSHES = { parallel: 2, enough: 16 };

/** Starts relay, sweeper and watch. Redis may be away: work is accepted all the same and told when it is back. */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { db, connection, log } = options;
  let redisAway = false;
  const onRedisError = (error: Error) => {
    if (!redisAway) log.warn('Redis is away', errorFields(error));
    redisAway = true;
  };
  const redis = connectRedis(connection.redisUrl, onRedisError);
  const queues = openQueues(connection, redis, onRedisError);
  const signals = openSignals(redis, connection.prefix, onRedisError);
  const relay = startRelay({ db, queues, redis, log });
  redis.on('ready', () => {
    redisAway = false;
    refuseEviction(redis).catch((error: unknown) => {
      log.error('Redis is not safe for jobs', errorFields(error));
      if (error instanceof Error && error.message.includes('maxmemory-policy')) process.exit(1);
    });
    relay.nudge();
  });
  const sweeper = startSweeper({
    db,
    redis,
    prefix: connection.prefix,
    intervalMs: options.sweepIntervalMs,
    log,
    onSwept: (ended) => {
      signals.send({
        changed: ended.flatMap((job) => (job.parent_id === null ? [job.id] : [job.id, job.parent_id])),
      });
      relay.nudge();
    },
  });
  const watch = startWatch({ db, signals, log });
  const unlisten = signals.listen(({ spawned }) => {
    if (spawned) relay.nudge();
  });

  const submit = groupCommit(async (jobs: NewJob[]): Promise<(true | Error)[]> => {
    await insertJobs(db, jobs);
    relay.nudge();
    return jobs.map(() => true);
  }, FLUSHES);
  const retry = groupCommit(async (wishes: Again[]): Promise<boolean[]> => {
    const again = await retryJobs(db, wishes);
    relay.nudge();
    signals.send({ changed: [...again.keys()] });
    // Of two who wish the same at once, the first has done it.
    return wishes.map(({ id, owner }) => {
      const ownerId = again.get(id);
      return ownerId !== undefined && (owner === undefined || owner === ownerId) && again.delete(id);
    });
  }, FLUSHES);

  return {
    submit: async (job) => void (await submit(job)),
    nudge: () => relay.nudge(),
    cancel: async (id, reason) => {
      const ended = await cancelTree(db, id, reason);
      const ids = ended.map((job) => job.id);
      signals.send({ cancelled: ids, changed: [...ids, ...ended.flatMap((job) => job.parent_id ?? [])] });
      // Only tidies the board: a delivery that stays behind finds its job cancelled.
      for (const job of ended) {
        const queue = [...queues].find(([name]) => name === job.queue)?.[1];
        queue
          ?.remove(deliveryId(job))
          .catch((error: unknown) => log.debug('delivery not removed', errorFields(error)));
      }
      return ended.length > 0;
    },
    retry: (id, by) => retry({ ...by, id }),
    watch,
    queues,
    redis,
    checks: {
      database: async () => void (await sql`select 1`.execute(db)),
      queue: async () => void (await redis.ping()),
    },
    stop: async () => {
      unlisten();
      watch.stop();
      await sweeper.stop();
      await relay.stop();
      signals.close();
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      redis.disconnect();
    },
  };
}

import type { QueueName } from '@mediaworks/contracts';
import { queueNames } from '@mediaworks/contracts';
import { type JobsOptions, Queue, type RedisOptions } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { Redis } from 'ioredis';

/** What a delivery carries: where to look in the ledger, nothing else. */
export interface Delivery {
  id: string;
  run: number;
}

/** One id a run, so that telling Redis twice delivers once. BullMQ forbids ':' and all-digit ids. */
export function deliveryId(delivery: Delivery): string {
  return `${delivery.id}-${delivery.run}`;
}

export interface QueueConnection {
  redisUrl: string;
  prefix: string;
  /** Spans for every add and process; on where traces are exported. */
  traced: boolean;
}

/** Interactive work has no priority, which BullMQ serves before any number. */
const BULK_PRIORITY = 10;
const HOUR_S = 3_600;

export function deliveryOptions(row: {
  id: string;
  run: number;
  priority: string;
  attempts: number;
  delayMs: number;
}): JobsOptions {
  return {
    jobId: deliveryId(row),
    attempts: row.attempts,
    backoff: { type: 'ledger' },
    ...(row.priority === 'bulk' ? { priority: BULK_PRIORITY } : {}),
    ...(row.delayMs > 0 ? { delay: row.delayMs } : {}),
    removeOnComplete: { age: 24 * HOUR_S, count: 1_000 },
    removeOnFail: { age: 7 * 24 * HOUR_S, count: 5_000 },
    keepLogs: 100,
    stackTraceLimit: 1,
  };
}

export type Queues = ReadonlyMap<QueueName, Queue<Delivery>>;

/** A Redis connection that fails fast while Redis is away, instead of queueing without bound. */
export function connectRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 5_000,
    commandTimeout: 5_000,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 5), 2_000),
  });
  redis.on('error', onError);
  return redis;
}

/** The producers' side of every queue, over one connection. */
export function openQueues(
  connection: QueueConnection,
  redis: Redis,
  onError: (error: Error) => void,
): Queues {
  return new Map(
    queueNames.map((name) => {
      const queue = new Queue<Delivery>(name, {
        connection: redis,
        prefix: connection.prefix,
        ...telemetryOption(connection.traced),
      });
      queue.on('error', onError);
      return [name, queue];
    }),
  );
}

export function workerConnection(url: string): RedisOptions {
  return { url, maxRetriesPerRequest: null, retryStrategy: (times: number) => Math.min(100 * times, 2_000) };
}

export function telemetryOption(traced: boolean): { telemetry?: BullMQOtel } {
  return traced ? { telemetry: new BullMQOtel({ tracerName: 'mediaworks' }) } : {};
}

/**
 * A Redis that evicts keys loses deliveries silently.
 * @throws Error when the server's policy is anything but noeviction
 */
export async function refuseEviction(redis: Redis): Promise<void> {
  const info = await redis.info('memory');
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1] ?? 'noeviction';
  if (policy !== 'noeviction') {
    throw new Error(`Redis evicts keys (maxmemory-policy ${policy}); set it to noeviction`);
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import { jobCatalog } from '@mediaworks/contracts';
import { errorFields, type Logger } from '@mediaworks/runtime';
import { context, propagation } from '@opentelemetry/api';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import { type Delivery, deliveryId, deliveryOptions, type Queues } from './bullmq.ts';
import type { Executor } from './ledger.ts';
import { type Band, DeliveryWindow } from './window.ts';

interface OutboxRow extends Pick<Band, 'queue' | 'priority'> {
  job_id: string;
  run: number;
  type: string;
  delay_ms: number;
  traceparent: string | null;
  verify: boolean;
}

/** Of each queue and priority in one transaction. */
const BATCH = 500;
/** Between two looks: at least, and at most; other figures while something waits for room in Redis. */
const LOOK_MS = { soonest: 10, latest: 1_000 };
const LOOK_FULL_MS = { soonest: 25, latest: 100 };

class RedisAwayError extends Error {}

/**
 * Tells Redis what the outbox holds, as far as the window has room, up to 500 rows of each queue and priority in one
 * transaction, and marks what was told. Safe in any number of processes. A crash between telling and marking tells twice,
 * which the delivery's id makes once; so the mark need not wait for the disk.
 * @returns whether there may be more for which there is room
 */
export async function relayOnce(
  db: Executor,
  queues: Queues,
  window = new DeliveryWindow(queues),
): Promise<boolean> {
  const open = await window.open();
  if (open.length === 0) return false;
  const told = await db.transaction().execute(async (tx) => {
    const { rows } = await sql<OutboxRow>`
      with told as (
        update outbox set told_at = now()
        where ctid = any(array(
          select next.ctid
          from jsonb_to_recordset(${sql.lit(JSON.stringify(open))}::jsonb)
              as band (queue text, priority text, room integer),
            lateral (
              select o.ctid from outbox o
              where o.queue = band.queue and o.priority = band.priority and o.told_at is null
              order by o.id limit least(band.room, ${sql.lit(BATCH)}) for update skip locked) next))
        returning *)
      select job_id, run, type, queue, priority, traceparent, verify,
        greatest(0, coalesce(extract(epoch from not_before - now()) * 1000, 0))::int as delay_ms
      from told, set_config('synchronous_commit', 'off', true)
      order by id`.execute(tx);
    await Promise.all(
      [...queues].map(async ([name, queue]) => {
        const group = rows.filter((row) => row.queue === name);
        if (group.length > 0) await publish(queue, group);
      }),
    );
    return rows;
  });
  for (const row of told) window.take(row);
  return told.length >= BATCH;
}

async function publish(queue: Queue<Delivery>, rows: OutboxRow[]): Promise<void> {
  await Promise.all(rows.filter((row) => row.verify).map((row) => clearDeadDelivery(queue, row)));
  const jobs = rows.map((row) => ({
    name: row.type,
    data: { id: row.job_id, run: row.run },
    opts: {
      ...deliveryOptions({
        id: row.job_id,
        run: row.run,
        priority: row.priority,
        attempts: jobCatalog.get(row.type)?.attempts ?? 1,
        delayMs: row.delay_ms,
      }),
      ...traceOf(row.traceparent),
    },
  }));
  await queue.addBulk(jobs);
}

/** The request's trace goes with each delivery, so that the worker's spans hang under it. */
function traceOf(traceparent: string | null): { telemetry?: { metadata: string } } {
  if (traceparent === null) return {};
  const carrier: Record<string, string> = {};
  propagation.inject(propagation.extract(context.active(), { traceparent }), carrier);
  return carrier['traceparent'] === undefined ? {} : { telemetry: { metadata: JSON.stringify(carrier) } };
}

/** A finished delivery of a run that has not ended would swallow the new one: the id is taken. */
async function clearDeadDelivery(queue: Queue<Delivery>, row: OutboxRow): Promise<void> {
  const id = deliveryId({ id: row.job_id, run: row.run });
  const state = await queue.getJobState(id);
  if (state === 'completed' || state === 'failed') await queue.remove(id);
}

/**
 * Keeps the relay going until `signal` aborts: at once when nudged, at least once a second, and with a growing pause
 * while Redis or Postgres is away.
 */
export function startRelay(options: { db: Executor; queues: Queues; redis: Redis; log: Logger }): {
  nudge(): void;
  stop(): Promise<void>;
} {
  const { db, queues, redis, log } = options;
  const stopping = new AbortController();
  let wake: () => void = () => undefined;
  let nudged = false;
  let failures = 0;
  const window = new DeliveryWindow(queues);

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  /** A lone job is told at once; of many in a row, those of a moment are told together. */
  const rest = async () => {
    const { soonest, latest } = window.full ? LOOK_FULL_MS : LOOK_MS;
    await wait(soonest);
    if (!nudged && !stopping.signal.aborted) await pause(latest - soonest);
  };
  const loop = async () => {
    while (!stopping.signal.aborted) {
      nudged = false;
      try {
        if (redis.status !== 'ready') throw new RedisAwayError();
        const more = await relayOnce(db, queues, window);
        failures = 0;
        if (more) continue;
      } catch (error) {
        // That Redis is away its connection tells by itself; here it only means to wait.
        if (failures++ === 0 && !(error instanceof RedisAwayError)) {
          log.warn('relay can not reach Redis or Postgres', errorFields(error));
        }
      }
      if (stopping.signal.aborted) return;
      if (failures > 0) await pause(Math.min(100 * 2 ** failures, 2_000));
      else await rest();
    }
  };
  const running = loop();
  return {
    nudge: () => {
      nudged = true;
      if (failures === 0) wake();
    },
    stop: async () => {
      stopping.abort();
      wake();
      await running;
    },
  };
}

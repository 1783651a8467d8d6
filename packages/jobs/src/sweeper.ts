import { errorFields, type Logger } from '@mediaworks/runtime';
import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { Ended, Executor } from './ledger.ts';

/** A job that takes this many workers down with it is not given to another. */
const POISON_CRASHES = 3;
/** A queued job that nobody has touched for this long is told to Redis again; telling twice delivers once. */
const UNTOLD_AFTER_S = 60;
/** How often such jobs are looked for: all that wait longer than that, told or not, are compared with the outbox. */
const LOOK_EVERY_MS = 15_000;
const BATCH = 1_000;

/**
 * Takes back jobs whose worker stopped heartbeating: to `queued` without costing a try, to `failed` with `poison` after
 * the third time. Their deliveries are told again.
 */
export async function reclaimExpired(db: Executor): Promise<(Ended & { poisoned: boolean })[]> {
  const error = JSON.stringify({
    code: 'crashed',
    message: 'The worker stopped in the middle',
    retryable: true,
  });
  const poison = JSON.stringify({
    code: 'poison',
    message: `It stopped its worker ${POISON_CRASHES} times`,
    retryable: false,
  });
  const { rows } = await sql<Ended & { poisoned: boolean }>`
    with expired as (
      select id from jobs where status = 'processing' and lease_expires_at < now()
      order by id limit ${BATCH} for update skip locked),
    ended as (
      update jobs j
      set status = case when crashes + 1 >= ${POISON_CRASHES} then 'failed' else 'queued' end,
          error = case when crashes + 1 >= ${POISON_CRASHES} then ${poison}::jsonb end,
          finished_at = case when crashes + 1 >= ${POISON_CRASHES} then now() end,
          crashes = crashes + 1, attempt = attempt - 1, lease_expires_at = null, next_run_at = null,
          version = version + 1, updated_at = now()
      from expired where j.id = expired.id
      returning j.*),
    closed as (
      update job_attempts a set ended_at = now(), outcome = 'crashed', error = ${error}::jsonb
      from ended where a.job_id = ended.id and a.claim = ended.claim),
    told as (
      insert into outbox (job_id, run, type, queue, priority, traceparent, verify)
      select id, run, type, queue, priority, traceparent, true from ended where status = 'queued')
    select id, parent_id, status = 'failed' as poisoned from ended`.execute(db);
  return rows;
}

/** How a job of `jobs j` is recognized that has been due and untouched for a minute: in terms that an index can look up. */
const untouched = sql`
  j.updated_at < now() - ${sql.lit(UNTOLD_AFTER_S)} * interval '1 s'
  and (j.next_run_at is null or j.next_run_at < now() - ${sql.lit(UNTOLD_AFTER_S)} * interval '1 s')`;

/** Puts queued jobs that Redis may have forgotten back into the outbox. Returns how many. */
export async function retellQueued(db: Executor, which: 'all' | 'untouched'): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    with forgotten as (
      select id from jobs j
      where status = 'queued' and ${which === 'all' ? sql`true` : untouched}
        and not exists (select 1 from outbox o where o.job_id = j.id)
      order by id limit ${which === 'all' ? null : BATCH}::int for update skip locked),
    touched as (
      update jobs j set updated_at = now() from forgotten where j.id = forgotten.id
      returning j.id, j.run, j.type, j.queue, j.priority, j.next_run_at, j.traceparent)
    insert into outbox (job_id, run, type, queue, priority, not_before, traceparent, verify)
    select id, run, type, queue, priority, next_run_at, traceparent, true from touched
    returning job_id as id`.execute(db);
  return rows.length;
}

/**
 * A key that lives in Redis as long as its data does. When it is gone, so may be every delivery; it is written again
 * only after all queued jobs are back in the outbox.
 */
async function retellAfterLoss(db: Executor, redis: Redis, prefix: string): Promise<number> {
  const key = `${prefix}:alive`;
  if ((await redis.exists(key)) === 1) return 0;
  const told = await retellQueued(db, 'all');
  await redis.set(key, new Date().toISOString());
  return told;
}

const RETENTION_DAYS = 7;

/** Forgets idempotency keys after a week and workers that have been silent for a day. */
async function forgetOld(db: Executor): Promise<void> {
  await sql`delete from idempotency_keys where created_at < now() - ${RETENTION_DAYS} * interval '1 day'`.execute(
    db,
  );
  await sql`delete from workers where heartbeat_at < now() - interval '1 day'`.execute(db);
}

/** Sweeps every `intervalMs` until stopped. Any number of processes may: rows are taken with SKIP LOCKED. */
export function startSweeper(options: {
  db: Executor;
  redis: Redis;
  prefix: string;
  intervalMs: number;
  log: Logger;
  /** Called with the jobs that changed, and when something waits in the outbox. */
  onSwept: (ended: Ended[]) => void;
}): { stop(): Promise<void> } {
  const { db, redis, log } = options;
  let sweeping: Promise<void> | undefined;
  let lookedAt = -Infinity;
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      log.warn(`sweeper could not ${what}`, errorFields(error));
    }
  };
  const sweep = async () => {
    await attempt('take back expired jobs', async () => {
      const ended = await reclaimExpired(db);
      if (ended.length === 0) return;
      log.warn('took back jobs of lost workers', { jobs: ended.map((job) => job.id) });
      options.onSwept(ended);
    });
    await attempt('find forgotten deliveries', async () => {
      const lost = redis.status === 'ready' ? await retellAfterLoss(db, redis, options.prefix) : 0;
      if (lost > 0) log.warn('Redis lost its data; telling it again', { jobs: lost });
      let told = lost;
      if (performance.now() - lookedAt >= LOOK_EVERY_MS) {
        const found = await retellQueued(db, 'untouched');
        // After a full batch there may be more: the next sweep goes on.
        if (found < BATCH) lookedAt = performance.now();
        told += found;
      }
      if (told > 0) options.onSwept([]);
    });
    await attempt('forget old rows', () => forgetOld(db));
  };
  const timer = setInterval(() => {
    sweeping ??= sweep().finally(() => {
      sweeping = undefined;
    });
  }, options.intervalMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await sweeping;
    },
  };
}

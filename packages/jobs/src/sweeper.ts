import { errorFields, type Logger } from '@mediaworks/runtime';
import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { Ended, Executor } from './ledger.ts';

/** A job that takes this many workers down with it is not given to another. */
const POISON_CRASHES = 3;
/** A queued job that Redis was told of this long ago is told again; telling twice delivers once. */
const TELL_AGAIN_AFTER_S = 60;
const LOOK_EVERY_MS = 15_000;
const BATCH = 1_000;
const ENDED_BATCH = 20_000;

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
      select j.id from job_attempts a join jobs j on j.id = a.job_id and j.claim = a.claim
      where a.ended_at is null and j.status = 'processing' and j.lease_expires_at < now()
      order by j.id limit ${BATCH} for update of j skip locked),
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
      select id, run, type, queue, priority, traceparent, true from ended where status = 'queued'
      on conflict (job_id, run) do update set told_at = null, not_before = null, verify = true)
    select id, parent_id, status = 'failed' as poisoned from ended`.execute(db);
  return rows;
}

/** Puts all queued jobs back into the outbox. Returns how many were not in it. */
async function retellAll(db: Executor): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into outbox (job_id, run, type, queue, priority, not_before, traceparent, verify)
    select id, run, type, queue, priority, next_run_at, traceparent, true from jobs j
    where status = 'queued'
      and not exists (select from outbox o where o.job_id = j.id and o.run = j.run and o.told_at is null)
    order by id
    on conflict (job_id, run) do update set told_at = null, not_before = excluded.not_before, verify = true`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0);
}

// Each of these is planned for the outbox as it is: without parameters it is not prepared. A plan that was made while the
// outbox was empty reads all of it for each row, once it is full.

const minuteAgo = sql`now() - ${sql.lit(TELL_AGAIN_AFTER_S)} * interval '1 s'`;

/**
 * Has Redis told again of queued jobs that it was told of a minute ago, and that have been due and untouched as long.
 * Returns how many: at most 1,000.
 */
export async function retellForgotten(db: Executor): Promise<number> {
  const { numAffectedRows } = await sql`
    update outbox set told_at = null, not_before = null, verify = true
    where ctid = any(array(
      select o.ctid from outbox o join jobs j on j.id = o.job_id and j.run = o.run
      where o.told_at < ${minuteAgo} and j.status = 'queued'
        and greatest(j.updated_at, j.next_run_at) < ${minuteAgo}
      order by o.told_at limit ${sql.lit(BATCH)} for update of o skip locked))`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Takes out of the outbox what was told of runs that have ended. Returns how many: at most 20,000. */
export async function forgetEnded(db: Executor): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from outbox
    where ctid = any(array(
      select o.ctid from outbox o left join jobs j on j.id = o.job_id
      where o.told_at is not null
        and (j.id is null or j.run > o.run or j.status in ('completed', 'failed', 'cancelled'))
      limit ${sql.lit(ENDED_BATCH)} for update of o skip locked))`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/**
 * A key that lives in Redis as long as its data does. When it is gone, so may be every delivery; it is written again
 * only after all queued jobs are back in the outbox.
 */
async function retellAfterLoss(db: Executor, redis: Redis, prefix: string): Promise<number> {
  const key = `${prefix}:alive`;
  if ((await redis.exists(key)) === 1) return 0;
  const told = await retellAll(db);
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
        const ended = await forgetEnded(db);
        const forgotten = await retellForgotten(db);
        // After a full batch there may be more: the next sweep goes on.
        if (ended < ENDED_BATCH && forgotten < BATCH) lookedAt = performance.now();
        told += forgotten;
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

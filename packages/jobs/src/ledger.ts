import type { JobError, JobStatus } from '@mediaworks/contracts';
import { type Database, unnest } from '@mediaworks/database';
import { type Kysely, sql } from 'kysely';

/** A database or an open transaction. */
export type Executor = Kysely<Database>;

/** A job that this worker holds until its lease runs out or its claim is superseded. */
export interface Claim {
  id: string;
  type: string;
  run: number;
  claim: number;
  attempt: number;
  max_attempts: number;
  owner_id: number;
  parent_id: string | null;
  input: unknown;
  checkpoint: unknown;
  request_id: string | null;
  traceparent: string | null;
}

/** How the ledger stands where a claim was refused. */
export interface Standing {
  status: JobStatus;
  run: number;
  error: JobError | null;
  /** Until it may be claimed, in ms: the rest of a backoff or of another worker's lease; 0 when at once. */
  waitMs: number;
}

/** Clocks of Redis and Postgres may differ a little: a delivery may come this much before `next_run_at`. */
const EARLY_MS = 250;

/** `queued → processing` for each delivery that is due and of the present run, in one statement. */
export async function claimJobs(
  db: Executor,
  wanted: readonly { id: string; run: number }[],
  worker: { id: string; leaseMs: number },
): Promise<Map<string, Claim>> {
  const { rows } = await sql<Claim>`
    with due as (
      select j.id from jobs j
      join ${unnest([wanted.map((w) => w.id), 'uuid'], [wanted.map((w) => w.run), 'int'])} as w (id, run)
        on w.id = j.id and w.run = j.run
      where j.status = 'queued'
        and (j.next_run_at is null or j.next_run_at <= now() + ${EARLY_MS} * interval '1 ms')
      order by j.id for update of j),
    claimed as (
      update jobs j
      set status = 'processing', attempt = attempt + 1, claim = claim + 1, worker_id = ${worker.id},
          lease_expires_at = now() + ${worker.leaseMs} * interval '1 ms', next_run_at = null,
          started_at = coalesce(started_at, now()), version = version + 1, updated_at = now()
      from due where j.id = due.id
      returning j.*),
    opened as (
      insert into job_attempts (job_id, claim, run, attempt, worker_id)
      select id, claim, run, attempt, worker_id from claimed)
    select id, type, run, claim, attempt, max_attempts, owner_id, parent_id, input, checkpoint, request_id, traceparent
    from claimed`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}

export async function standingOf(db: Executor, id: string): Promise<Standing | undefined> {
  const { rows } = await sql<Standing>`
    select status, run, error,
      greatest(0, ceil(extract(epoch from
        coalesce(case when status = 'processing' then lease_expires_at else next_run_at end, now()) - now()) * 1000
      ))::int as "waitMs"
    from jobs where id = ${id}`.execute(db);
  return rows[0];
}

const jsonOrNull = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value));

/** Where a fan-out stands, a job that ended may have ended its parent too. */
export interface Ended {
  id: string;
  parent_id: string | null;
}

/** `processing → completed` with the result, for each that still holds its claim. The others are not in the answer. */
export async function completeJobs(
  db: Executor,
  done: readonly { id: string; claim: number; result: unknown }[],
): Promise<Map<string, Ended>> {
  const { rows } = await sql<Ended>`
    with held as (
      select j.id, g.result from jobs j
      join ${unnest(
        [done.map(({ id }) => id), 'uuid'],
        [done.map(({ claim }) => claim), 'int'],
        [done.map(({ result }) => jsonOrNull(result)), 'jsonb'],
      )} as g (id, claim, result)
        on g.id = j.id and g.claim = j.claim
      where j.status = 'processing' order by j.id for update of j),
    ended as (
      update jobs j
      set status = 'completed', result = held.result, error = null, progress_percent = 100, progress_stage = 'done',
          lease_expires_at = null, finished_at = now(), version = version + 1, updated_at = now()
      from held where j.id = held.id
      returning j.id, j.claim, j.parent_id),
    closed as (
      update job_attempts a set ended_at = now(), outcome = 'completed'
      from ended where a.job_id = ended.id and a.claim = ended.claim)
    select id, parent_id from ended`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Ends a try that went wrong: back to `queued` after `delayMs`, or `failed` when `final`.
 * A try that cost nothing (`counted` false) is given back. Returns undefined when the claim was lost.
 */
export async function endTry(
  db: Executor,
  claim: { id: string; claim: number },
  end: {
    outcome: 'failed' | 'released';
    final: boolean;
    counted: boolean;
    error: JobError | null;
    delayMs: number;
  },
): Promise<Ended | undefined> {
  const error = end.error === null ? null : JSON.stringify(end.error);
  const { rows } = await sql<Ended>`
    with ended as (
      update jobs
      set status = ${end.final ? 'failed' : 'queued'},
          attempt = attempt - ${end.counted ? 0 : 1},
          error = ${end.final ? error : null}::jsonb,
          next_run_at = ${end.final || end.delayMs === 0 ? null : end.delayMs}::int * interval '1 ms' + now(),
          finished_at = ${end.final ? sql`now()` : null},
          lease_expires_at = null, version = version + 1, updated_at = now()
      where id = ${claim.id} and claim = ${claim.claim} and status = 'processing'
      returning id, claim, parent_id),
    closed as (
      update job_attempts a set ended_at = now(), outcome = ${end.outcome}, error = ${error}::jsonb
      from ended where a.job_id = ended.id and a.claim = ended.claim)
    select id, parent_id from ended`.execute(db);
  return rows[0];
}

/** Extends the leases of what a worker holds; answers the ids that it still does. */
export async function extendLeases(
  db: Executor,
  held: readonly { id: string; claim: number }[],
  leaseMs: number,
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    with held as (
      select j.id from jobs j
      join ${unnest([held.map((h) => h.id), 'uuid'], [held.map((h) => h.claim), 'int'])} as h (id, claim)
        on h.id = j.id and h.claim = j.claim
      where j.status = 'processing' order by j.id for update of j)
    update jobs j set lease_expires_at = now() + ${leaseMs} * interval '1 ms'
    from held where j.id = held.id returning j.id`.execute(db);
  return new Set(rows.map((row) => row.id));
}

export interface ProgressNote {
  id: string;
  claim: number;
  /** 0–100. */
  percent: number;
  stage: string;
}

/** Stores how far each has come, where the claim still holds. */
export async function noteProgress(db: Executor, notes: readonly ProgressNote[]): Promise<void> {
  await sql`
    with held as (
      select j.id, g.percent, g.stage from jobs j
      join ${unnest(
        [notes.map(({ id }) => id), 'uuid'],
        [notes.map(({ claim }) => claim), 'int'],
        [notes.map(({ percent }) => percent), 'real'],
        [notes.map(({ stage }) => stage), 'text'],
      )} as g (id, claim, percent, stage)
        on g.id = j.id and g.claim = j.claim
      where j.status = 'processing' order by j.id for update of j)
    update jobs j
    set progress_percent = held.percent, progress_stage = held.stage, version = version + 1, updated_at = now()
    from held where j.id = held.id`.execute(db);
}

/** Saves a cursor for the next try; false when the claim was lost. */
export async function saveCheckpoint(
  db: Executor,
  claim: { id: string; claim: number },
  cursor: unknown,
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update jobs set checkpoint = ${JSON.stringify(cursor)}::jsonb, updated_at = now()
    where id = ${claim.id} and claim = ${claim.claim} and status = 'processing' returning id`.execute(db);
  return rows.length === 1;
}

export interface Cancelled {
  id: string;
  run: number;
  queue: string;
  parent_id: string | null;
}

/**
 * Ends a job and its descendants, whatever they are doing; a worker that holds one finds its claim gone.
 * @returns what was cancelled: empty when the job had already ended
 */
export async function cancelTree(db: Executor, id: string, reason: string): Promise<Cancelled[]> {
  const error = JSON.stringify({ code: 'cancelled', message: reason, retryable: false });
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<Cancelled>`
      with recursive tree as (
        select id from jobs where id = ${id}
        union all
        select c.id from jobs c join tree t on c.parent_id = t.id),
      open as (
        select j.id from jobs j join tree t on t.id = j.id
        where j.status in ('queued', 'processing')
           or (j.id = ${id} and j.status = 'completed' and job_status(j) = 'processing')
        order by j.id for update of j),
      ended as (
        update jobs j
        set status = 'cancelled', error = ${error}::jsonb, lease_expires_at = null, next_run_at = null,
            finished_at = now(), version = version + 1, updated_at = now()
        from open where j.id = open.id
        returning j.id, j.run, j.queue, j.parent_id, j.claim),
      closed as (
        update job_attempts a set ended_at = now(), outcome = 'cancelled', error = ${error}::jsonb
        from ended where a.job_id = ended.id and a.claim = ended.claim and a.ended_at is null)
      select id, run, queue, parent_id from ended`.execute(tx);
    const ids = sql.lit(`{${rows.map((row) => row.id).join()}}`);
    await sql`
      delete from outbox where ctid = any(array(
        select o.ctid from outbox o where o.job_id = any(${ids}::uuid[]) and o.told_at is null
        for update skip locked))`.execute(tx);
    return rows;
  });
}

/** A wish to run a job again. */
export interface Again {
  id: string;
  /** Only when it belongs to this user; undefined: whoever it belongs to. */
  owner?: number | undefined;
  /** Who asks, and in which request: noted in the audit log by the statement that does it. */
  actor?: number | undefined;
  requestId?: string | undefined;
}

/**
 * `failed | cancelled → queued` as a new run, with its outbox row and audit entry, for each in one statement.
 * The checkpoint stays, so that the new run resumes. Answers the owners of those that were moved, by id.
 */
export async function retryJobs(db: Executor, wishes: readonly Again[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ id: string; owner_id: number }>`
    with wished as (
      select * from jsonb_to_recordset(${JSON.stringify(wishes)}::jsonb)
        as w (id uuid, owner bigint, actor bigint, "requestId" text)),
    dead as (
      select j.id from jobs j
      where j.id = any(array(select w.id from wished w)) and j.status in ('failed', 'cancelled')
        and exists (select 1 from wished w where w.id = j.id and (w.owner is null or w.owner = j.owner_id))
      order by j.id for update),
    again as (
      update jobs j
      set status = 'queued', run = run + 1, attempt = 0, crashes = 0, error = null, result = null,
          progress_percent = 0, progress_stage = '', next_run_at = null, started_at = null, finished_at = null,
          version = version + 1, updated_at = now()
      from dead where j.id = dead.id
      returning j.id, j.owner_id, j.run, j.type, j.queue, j.priority, j.traceparent),
    told as (
      insert into outbox (job_id, run, type, queue, priority, traceparent)
      select id, run, type, queue, priority, traceparent from again),
    noted as (
      insert into audit_log (actor_id, action, subject, request_id, details)
      select distinct on (a.id) w.actor, 'job.retry', a.id::text, w."requestId", jsonb_build_object('run', a.run)
      from again a join wished w on w.id = a.id and (w.owner is null or w.owner = a.owner_id)
      where w.actor is not null order by a.id)
    select id, owner_id from again`.execute(db);
  return new Map(rows.map((row) => [row.id, row.owner_id]));
}

import { randomUUID } from 'node:crypto';
import {
  type InputOf,
  type JobType,
  jobCatalog,
  MAX_INPUT_BYTES,
  PermanentError,
} from '@mediaworks/contracts';
import type { Executor } from './ledger.ts';
import { type RawBuilder, sql } from 'kysely';

/** A job that was checked against its type and can be written. Only {@link newJob} makes one. */
export interface NewJob {
  readonly id: string;
  readonly type: JobType;
  readonly queue: string;
  readonly priority: string;
  readonly owner_id: number;
  readonly input: unknown;
  readonly max_attempts: number;
  readonly parent_id: string | null;
  readonly parent_run: number | null;
  readonly spawn_key: string | null;
  readonly request_id: string | null;
  readonly traceparent: string | null;
  readonly [checked]: true;
}
declare const checked: unique symbol;

export interface JobOrigin {
  /** `users.id` of whoever it belongs to. */
  ownerId: number;
  requestId?: string | undefined;
  /** W3C trace context of the request. */
  traceparent?: string | undefined;
  parent?: { id: string; run: number; key: string };
}

/**
 * Checks the input against the job type and gives the job its id.
 * @throws ZodError when the input is not what the type asks for
 * @throws PermanentError `payload_too_large` over 64 KB
 */
export function newJob<T extends JobType>(type: T, input: InputOf<T>, origin: JobOrigin): NewJob {
  const definition = jobCatalog.get(type);
  if (!definition) throw new Error(`no job type ${type}`);
  const parsed = definition.input.parse(input);
  if (Buffer.byteLength(JSON.stringify(parsed)) > MAX_INPUT_BYTES) {
    throw new PermanentError('payload_too_large', 'The request holds more than a job can carry');
  }
  const job: Omit<NewJob, typeof checked> = {
    id: randomUUID(),
    type,
    queue: definition.queue,
    priority: definition.priority,
    owner_id: origin.ownerId,
    input: parsed,
    max_attempts: definition.attempts,
    parent_id: origin.parent?.id ?? null,
    parent_run: origin.parent?.run ?? null,
    spawn_key: origin.parent?.key ?? null,
    request_id: origin.requestId ?? null,
    traceparent: origin.traceparent ?? null,
  };
  return job as NewJob;
}

/**
 * What of a `with` accepts jobs, for a statement that also writes what the jobs are about: it writes all of it or
 * nothing, and costs one round trip where a transaction costs one for each step.
 */
export function acceptingJobs(jobs: readonly NewJob[]): RawBuilder<unknown> {
  return sql`
    added_jobs as (
      insert into jobs (id, type, queue, owner_id, priority, input, max_attempts, parent_id, parent_run, spawn_key,
                        request_id, traceparent)
      select id, type, queue, owner_id, priority, input, max_attempts, parent_id, parent_run, spawn_key,
             request_id, traceparent
      from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as given (
        id uuid, type text, queue text, owner_id bigint, priority text, input jsonb, max_attempts integer,
        parent_id uuid, parent_run integer, spawn_key text, request_id text, traceparent text)
      returning id, run, type, queue, priority, traceparent),
    told_jobs as (
      insert into outbox (job_id, run, type, queue, priority, traceparent)
      select id, run, type, queue, priority, traceparent from added_jobs)`;
}

/**
 * Accepts jobs: one statement writes their rows and their outbox rows. Call it in the transaction that writes what
 * the jobs are about; they exist when that commits, and not before.
 */
export async function insertJobs(executor: Executor, jobs: readonly NewJob[]): Promise<void> {
  await sql`with ${acceptingJobs(jobs)} select`.execute(executor);
}

/** Accepts a job together with the children that it has from the start, as {@link insertJobs} does. */
export async function insertFamily(
  executor: Executor,
  parent: NewJob,
  children: readonly NewJob[],
): Promise<void> {
  await insertJobs(executor, [parent, ...children]);
  await sql`update jobs set has_children = true where id = ${parent.id}`.execute(executor);
}

/**
 * Adds children, idempotent by (parent, key): one that exists is left alone, unless it failed or was cancelled in an
 * earlier run of its parent; then it runs again. Writes nothing when the parent's claim is lost.
 * @returns the children's ids in the order given, or undefined when the claim is lost
 */
export async function insertChildren(
  executor: Executor,
  parent: { id: string; claim: number },
  jobs: readonly NewJob[],
): Promise<string[] | undefined> {
  const { rows } = await sql<{ id: string; spawn_key: string }>`
    with parent as (
      update jobs set has_children = true, version = version + 1, updated_at = now()
      where id = ${parent.id} and claim = ${parent.claim} and status = 'processing'
      returning id),
    given as (
      select g.* from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as g (
        id uuid, type text, queue text, owner_id bigint, priority text, input jsonb, max_attempts integer,
        parent_id uuid, parent_run integer, spawn_key text, request_id text, traceparent text)
      join parent on parent.id = g.parent_id),
    added as (
      insert into jobs as j (id, type, queue, owner_id, priority, input, max_attempts, parent_id, parent_run, spawn_key,
                             request_id, traceparent)
      select distinct on (spawn_key) id, type, queue, owner_id, priority, input, max_attempts, parent_id, parent_run,
             spawn_key, request_id, traceparent
      from given order by spawn_key
      on conflict (parent_id, spawn_key) where parent_id is not null do update
        set status = 'queued', run = j.run + 1, parent_run = excluded.parent_run, attempt = 0, crashes = 0,
            input = excluded.input, error = null, result = null, progress_percent = 0, progress_stage = '',
            next_run_at = null, finished_at = null, version = j.version + 1, updated_at = now()
        where j.status in ('failed', 'cancelled') and j.parent_run < excluded.parent_run
      returning id, run, type, queue, priority, traceparent, spawn_key),
    told as (
      insert into outbox (job_id, run, type, queue, priority, traceparent)
      select id, run, type, queue, priority, traceparent from added)
    select id, spawn_key from added
    union all
    select j.id, j.spawn_key from jobs j join given g on g.parent_id = j.parent_id and g.spawn_key = j.spawn_key
    where not exists (select 1 from added a where a.spawn_key = j.spawn_key)`.execute(executor);
  const ids = new Map(rows.map((row) => [row.spawn_key, row.id]));
  const ordered = jobs.map((job) => ids.get(job.spawn_key ?? ''));
  return ordered.every((id) => id !== undefined) ? ordered : undefined;
}

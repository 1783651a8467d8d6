import { type JobStatus, type JobType, jobCatalog, type JobView } from '@mediaworks/contracts';
import { unnest } from '@mediaworks/database';
import { type RawBuilder, sql } from 'kysely';
import type { Executor } from './ledger.ts';

/** A job as the ledger tells it: statuses, counts and times of a fan-out derived from its children. */
export interface JobRow {
  id: string;
  type: string;
  owner_id: number;
  status: JobStatus;
  percent: number;
  stage: string;
  run: number;
  attempt: number;
  max_attempts: number;
  input: unknown;
  result: unknown;
  error: JobView['error'];
  attempts: JobView['attempts'];
  parent_id: string | null;
  children: JobView['children'];
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  next_run_at: Date | null;
  /** Grows with every change that a client can see, of the job or its children. */
  version: number;
}

const select = (where: RawBuilder<unknown>, tail: RawBuilder<unknown>) => sql<JobRow>`
  select j.id, j.type, j.owner_id, s.status, j.run, j.attempt, j.max_attempts, j.input, j.result, j.error, j.parent_id,
    case when c.open then c.percent else j.progress_percent end::float8 as percent,
    case when c.open then format('%s of %s, %s%%', c.ended, c.total, floor(c.percent)) else j.progress_stage end
      as stage,
    json_build_object('queued', coalesce(c.queued, 0), 'processing', coalesce(c.processing, 0),
      'completed', coalesce(c.completed, 0), 'failed', coalesce(c.failed, 0),
      'cancelled', coalesce(c.cancelled, 0)) as children,
    coalesce(a.attempts, '[]'::json) as attempts,
    j.created_at, j.started_at,
    case when s.status in ('completed', 'failed', 'cancelled') then greatest(j.finished_at, c.finished_at) end
      as finished_at,
    j.next_run_at, (j.version + coalesce(c.version, 0))::float8 as version
  from jobs j
  cross join lateral (select job_status(j) as status) s
  left join lateral (
    select count(*) as total,
      j.status = 'completed' and s.status = 'processing' as open,
      count(*) filter (where k.status in ('completed', 'failed', 'cancelled')) as ended,
      avg(case when k.status in ('completed', 'failed', 'cancelled') then 100 else k.progress_percent end) as percent,
      count(*) filter (where k.status = 'queued')::int as queued,
      count(*) filter (where k.status = 'processing')::int as processing,
      count(*) filter (where k.status = 'completed')::int as completed,
      count(*) filter (where k.status = 'failed')::int as failed,
      count(*) filter (where k.status = 'cancelled')::int as cancelled,
      max(k.finished_at) as finished_at, sum(k.version) as version
    from (
      select job_status(k) as status, k.finished_at, k.version, k.progress_percent from jobs k where k.parent_id = j.id
    ) k
  ) c on j.has_children
  left join lateral (
    select json_agg(json_build_object('run', t.run, 'attempt', t.attempt,
      'started_at', to_char(t.started_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'ended_at', to_char(t.ended_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'error', t.error) order by t.claim) as attempts
    from job_attempts t where t.job_id = j.id
  ) a on true
  where ${where} ${tail}`;

/** Who asks: an owner sees its own jobs, an admin (undefined) all. */
export type Viewer = number | undefined;

const visibleTo = (viewer: Viewer) => (viewer === undefined ? sql`true` : sql`j.owner_id = ${viewer}`);

export async function findJob(db: Executor, id: string, viewer: Viewer): Promise<JobRow | undefined> {
  const { rows } = await select(sql`j.id = ${id} and ${visibleTo(viewer)}`, sql``).execute(db);
  return rows[0];
}

export async function findJobs(db: Executor, ids: readonly string[]): Promise<JobRow[]> {
  const { rows } = await select(
    sql`j.id in (select g.id from ${unnest([ids, 'uuid'])} as g (id))`,
    sql``,
  ).execute(db);
  return rows;
}

/** Which of them have ended, each with all its children. */
export async function findEnded(db: Executor, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select j.id from ${unnest([ids, 'uuid'])} as g (id) join jobs j on j.id = g.id
    where job_status(j) in ('completed', 'failed', 'cancelled')`.execute(db);
  return rows.map(({ id }) => id);
}

/** Only the versions, for those who wait for a change. */
export async function findVersions(db: Executor, ids: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ id: string; version: number }>`
    select j.id, (j.version + case when j.has_children
      then (select coalesce(sum(k.version), 0) from jobs k where k.parent_id = j.id) else 0 end)::float8 as version
    from ${unnest([ids, 'uuid'])} as g (id) join jobs j on j.id = g.id`.execute(db);
  return new Map(rows.map((row) => [row.id, row.version]));
}

export interface JobFilter {
  viewer: Viewer;
  type?: string | undefined;
  status?: JobStatus | undefined;
  /** Jobs older than this one: the last of the page before. */
  after?: { id: string } | undefined;
  /** 1–200. */
  limit: number;
}

/** Newest first, by keyset. */
export async function listJobs(db: Executor, filter: JobFilter): Promise<JobRow[]> {
  const conditions = [visibleTo(filter.viewer)];
  if (filter.type !== undefined) conditions.push(sql`j.type = ${filter.type}`);
  if (filter.status !== undefined) conditions.push(sql`s.status = ${filter.status}`);
  if (filter.after) {
    conditions.push(
      sql`(j.created_at, j.id) < (select k.created_at, k.id from jobs k where k.id = ${filter.after.id}::uuid)`,
    );
  }
  const where = sql.join(conditions, sql` and `);
  const { rows } = await select(
    where,
    sql`order by j.created_at desc, j.id desc limit ${filter.limit}`,
  ).execute(db);
  return rows;
}

export type QueueDepth = { queue: string; type: JobType; status: JobStatus; jobs: number };

/** Jobs that are not terminal, by queue, type and status: what a scaler goes by. */
export async function countOpenJobs(db: Executor): Promise<QueueDepth[]> {
  const { rows } = await sql<QueueDepth>`
    select queue, type, status, count(*)::int as jobs from open_jobs group by queue, type, status`.execute(
    db,
  );
  const counted = new Map(rows.map((row) => [`${row.type} ${row.status}`, row]));
  return [...jobCatalog.values()].flatMap((definition) =>
    (['queued', 'processing'] as const).map((status) => {
      const type = definition.name as JobType;
      return counted.get(`${type} ${status}`) ?? { queue: definition.queue, type, status, jobs: 0 };
    }),
  );
}

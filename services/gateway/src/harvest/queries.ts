import type {
  DiscoverInput,
  HarvestManifestLine,
  HarvestUserInput,
  HarvestUserResult,
  JobError,
  JobStatus,
} from '@mediaworks/contracts';
import type { Executor } from '@mediaworks/jobs';
import { type RawBuilder, sql } from 'kysely';

/** A run and what its jobs tell of it. */
export interface RunRow {
  id: string;
  job_id: string;
  input: DiscoverInput;
  status: JobStatus;
  error: JobError | null;
  problems: string[];
  total_users: number;
  processed_users: number;
  successful_users: number;
  failed_users: number;
  files: number;
  bytes: number;
  unchanged: number;
  pending_files: number;
  pending_bytes: number;
  started_at: Date | null;
  finished_at: Date | null;
  /** So far, or to its end. */
  seconds: number;
}

const sum = (field: keyof HarvestUserResult) =>
  sql`coalesce(sum((k.result ->> ${sql.lit(field)})::bigint), 0)::float8`;

/** The one place where a run's status and figures are derived from the ledger. */
const select = (where: RawBuilder<unknown>, tail: RawBuilder<unknown>) => sql<RunRow>`
  select r.id, r.job_id, j.input, s.status, j.error, coalesce(j.result -> 'problems', '[]'::jsonb) as problems,
    c.total_users, c.processed_users, c.successful_users, c.processed_users - c.successful_users as failed_users,
    c.files, c.bytes, c.unchanged, c.pending_files, c.pending_bytes, j.started_at, e.finished_at,
    greatest(0, extract(epoch from coalesce(e.finished_at, now()) - coalesce(j.started_at, r.created_at)))::float8
      as seconds
  from harvest_runs r
  join jobs j on j.id = r.job_id
  cross join lateral (select job_status(j) as status) s
  cross join lateral (
    select count(*)::int as total_users,
      count(*) filter (where k.status in ('completed', 'failed', 'cancelled'))::int as processed_users,
      count(*) filter (where k.status = 'completed' and (k.result ->> 'failed_files')::int = 0)::int as successful_users,
      ${sum('total_files_downloaded')} as files, ${sum('total_size_bytes')} as bytes,
      ${sum('skipped_unchanged')} as unchanged, ${sum('pending_files')} as pending_files,
      ${sum('pending_bytes')} as pending_bytes, max(k.finished_at) as finished_at
    from jobs k where k.parent_id = r.job_id
  ) c
  cross join lateral (
    select case when s.status in ('completed', 'failed', 'cancelled')
      then greatest(j.finished_at, c.finished_at) end as finished_at
  ) e
  where ${where} ${tail}`;

const newest = sql`order by r.created_at desc, r.id desc limit 1`;

/** The run of this id, or the latest. */
export async function findRun(db: Executor, id: string | undefined): Promise<RunRow | undefined> {
  const { rows } = await select(id === undefined ? sql`true` : sql`r.id = ${id}`, newest).execute(db);
  return rows[0];
}

/** The run that still has something to do: its own job, or a user's after that one failed. */
export async function findOpenRun(db: Executor): Promise<RunRow | undefined> {
  const { rows } = await select(
    sql`(j.status in ('queued', 'processing') or j.has_children and job_tree_open(j.id))`,
    newest,
  ).execute(db);
  return rows[0];
}

/** Any number that is ours alone. */
const LOCK = 773_302;

/** Until the transaction ends nobody else can start a run. */
export async function lockRuns(tx: Executor): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
}

export async function insertRun(
  tx: Executor,
  run: { id: string; owner_id: number; job_id: string },
): Promise<void> {
  await sql`insert into harvest_runs (id, owner_id, job_id)
            values (${run.id}, ${run.owner_id}, ${run.job_id})`.execute(tx);
}

/** The users that are being harvested, the one that was started last first. */
export async function currentUsers(db: Executor, jobId: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ email: string }>`
    select k.input ->> 'email' as email from jobs k
    where k.parent_id = ${jobId} and k.status = 'processing'
    order by k.started_at desc, k.id limit ${limit}`.execute(db);
  return rows.map(({ email }) => email);
}

/** What went wrong with users, in words, the oldest first. */
export async function userErrors(db: Executor, jobId: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ told: string }>`
    select k.input ->> 'email' || ': ' || e.message as told
    from jobs k cross join lateral (
      select jsonb_array_elements_text(k.result -> 'errors') as message where k.status = 'completed'
      union all
      select k.error ->> 'message' where k.status in ('failed', 'cancelled')) e
    where k.parent_id = ${jobId} and k.status in ('completed', 'failed', 'cancelled')
    order by k.finished_at, k.id limit ${limit}`.execute(db);
  return rows.map(({ told }) => told);
}

/** A user of a run. */
export interface RunUserRow {
  job_id: string;
  status: JobStatus;
  input: HarvestUserInput;
  result: HarvestUserResult | null;
  error: JobError | null;
}

/** In the order in which they were found. */
export async function listRunUsers(
  db: Executor,
  jobId: string,
  page: { offset: number; limit: number },
): Promise<RunUserRow[]> {
  const { rows } = await sql<RunUserRow>`
    select k.id as job_id, k.status, k.input, k.result, k.error from jobs k
    where k.parent_id = ${jobId} and k.status <> 'queued'
    order by k.spawn_key limit ${page.limit} offset ${page.offset}`.execute(db);
  return rows;
}

const LINES = 1_000;

/** The manifest of a run, read while it is told. */
export async function* manifestLines(db: Executor, runId: string): AsyncGenerator<HarvestManifestLine> {
  let after = { user_id: 0, kind: '', position: 0 };
  for (;;) {
    const { rows } = await sql<HarvestManifestLine & { user_id: number }>`
      select e.user_id, u.email as user_email, e.kind, e.position, e.media_id as id, e.storage_path, e.outcome,
        e.object_key as path, e.size::float8 as size, e.sha256, e.md5, e.crc32c, e.generation, e.code, e.message
      from harvest_entries e join harvest_users u on u.id = e.user_id
      where e.run_id = ${runId} and (e.user_id, e.kind, e.position) > (${after.user_id}, ${after.kind}, ${after.position})
      order by e.user_id, e.kind, e.position limit ${LINES}`.execute(db);
    for (const { user_id: _, ...line } of rows) yield line;
    const last = rows.at(-1);
    if (!last || rows.length < LINES) return;
    after = last;
  }
}

export async function findHarvestUsers(db: Executor, email: string): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from harvest_users where lower(email) = lower(${email}) order by id`.execute(db);
  return rows.map(({ id }) => id);
}

export interface HarvestedRow {
  path: string;
  size: number;
  sha256: string;
  content_type: string;
}

/** What lies in the store of these users. */
export async function listHarvested(
  db: Executor,
  userIds: readonly number[],
  page: { offset: number; limit: number },
): Promise<{ files: HarvestedRow[]; total: number }> {
  const where = sql`user_id = any(${userIds}::bigint[]) and harvested_at is not null`;
  const { rows: files } = await sql<HarvestedRow>`
    select object_key as path, size::float8 as size, sha256, content_type from harvested_files
    where ${where} order by object_key limit ${page.limit} offset ${page.offset}`.execute(db);
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from harvested_files where ${where}`.execute(db);
  return { files, total: rows[0]?.total ?? 0 };
}

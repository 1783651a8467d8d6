import type { JobError, JobStatus } from '@mediaworks/contracts';
import { type Executor, findJobs, type JobRow } from '@mediaworks/jobs';
import { sql } from 'kysely';

/** One request at a time may look for a student's run and begin one; until the transaction ends. */
export async function lockStudent(tx: Executor, studentId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`tiktok ${studentId}`}, 0))`.execute(tx);
}

const runsOf = (studentId: string) => sql`type = 'tiktok.ingest' and input ->> 'student_id' = ${studentId}`;

/** The run that is at a student's videos at present. */
export async function findOpenRun(tx: Executor, studentId: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from jobs j where ${runsOf(studentId)} and job_status(j) in ('queued', 'processing')
    order by created_at desc limit 1`.execute(tx);
  return rows[0]?.id;
}

/** A student's runs, newest first, whoever began them. */
export async function listRuns(db: Executor, studentId: string, limit: number): Promise<JobRow[]> {
  const { rows } = await sql<{ id: string }>`
    select id from jobs where ${runsOf(studentId)} order by created_at desc limit ${limit}`.execute(db);
  const ids = rows.map((row) => row.id);
  const jobs = new Map((await findJobs(db, ids)).map((job) => [job.id, job]));
  return ids.flatMap((id) => jobs.get(id) ?? []);
}

export interface FetchedVideo {
  video_id: string;
  status: JobStatus;
  error: JobError | null;
}

/** The videos of a run that had to be fetched, and what became of each. */
export async function listFetched(db: Executor, runId: string): Promise<FetchedVideo[]> {
  const { rows } = await sql<FetchedVideo>`
    select spawn_key as video_id, status, error from jobs
    where parent_id = ${runId} and type = 'tiktok.video' order by created_at, id`.execute(db);
  return rows;
}

/** What the ingesters that are alive say of their yt-dlp; undefined when there is none. */
export async function findYtdlpWords(db: Executor): Promise<string | undefined> {
  const { rows } = await sql<{ words: string | null }>`
    select substring(version from 'yt-dlp.*') as words from workers
    where service = 'tiktok-ingester' and heartbeat_at > now() - interval '30 s'
    order by heartbeat_at desc limit 1`.execute(db);
  return rows[0]?.words ?? undefined;
}

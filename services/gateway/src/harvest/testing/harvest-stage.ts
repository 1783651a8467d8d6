import {
  harvestStarted,
  harvestUserResult,
  type HarvestUserResult,
  type JobStatus,
} from '@mediaworks/contracts';
import { insertJobs, newJob } from '@mediaworks/jobs';
import { sql } from 'kysely';
import type { MediaClient } from '../../media/testing/media-client.ts';
import type { MediaStage } from '../../media/testing/media-stage.ts';

/** Starts a run, which must be accepted. */
export async function start(client: MediaClient, body: unknown = {}) {
  return harvestStarted.parse((await client.postJson('/batch-process-users', body)).body);
}

/** What a worker tells of a user. */
export function resultOf(email: string, more: Partial<HarvestUserResult> = {}): HarvestUserResult {
  return harvestUserResult.parse({
    ...{ user_email: email, folder: email.replaceAll(/[@.]/g, '_'), images_count: 2, voices_count: 1 },
    ...{ total_files_downloaded: 3, total_size_bytes: 300, skipped_unchanged: 0, pending_files: 0 },
    ...{ pending_bytes: 0, failed_files: 0, errors: [], warnings: [], ...more },
  });
}

/** A user of a run, as the worker that found it would have left it, and as far as another has come with it. */
export async function addUser(
  { db }: MediaStage,
  run: { run_id: string; job_id: string },
  email: string,
  end: { status: JobStatus; result?: HarvestUserResult; error?: string } = { status: 'queued' },
): Promise<number> {
  const folder = email.replaceAll(/[@.]/g, '_');
  const { rows } = await sql<{ id: number; owner_id: number }>`
    insert into harvest_users (doc_id, email, folder) values (${email}, ${email}, ${folder})
    on conflict (doc_id) do update set email = excluded.email
    returning id, (select owner_id from jobs where id = ${run.job_id}) as owner_id`.execute(db);
  const { id = NaN, owner_id: ownerId = NaN } = rows[0] ?? {};
  const manner = { dry_run: false, force: false, zip: false };
  const job = newJob(
    'harvest.user',
    { run_id: run.run_id, user_id: id, doc_id: email, email, folder, ...manner },
    { ownerId, parent: { id: run.job_id, run: 1, key: email } },
  );
  await insertJobs(db, [job]);
  await sql`update jobs set has_children = true where id = ${run.job_id}`.execute(db);
  const error =
    end.error === undefined ? null : JSON.stringify({ code: 'x', message: end.error, retryable: false });
  const ended = end.status !== 'queued' && end.status !== 'processing';
  await sql`
    update jobs set status = ${end.status}, result = ${end.result ? JSON.stringify(end.result) : null}::jsonb,
      error = ${error}::jsonb, started_at = now(), finished_at = ${ended ? sql`now()` : null}
    where id = ${job.id}`.execute(db);
  return id;
}

/** Ends the job that finds the users. */
export async function endDiscovery(
  { db }: MediaStage,
  jobId: string,
  end: { users: number; problems?: string[] } | { error: string },
): Promise<void> {
  const failed = 'error' in end;
  const result = failed ? null : JSON.stringify({ users: end.users, problems: end.problems ?? [] });
  const error = failed ? JSON.stringify({ code: 'x', message: end.error, retryable: false }) : null;
  await sql`
    update jobs set status = ${failed ? 'failed' : 'completed'}, result = ${result}::jsonb, error = ${error}::jsonb,
      started_at = now() - interval '1 minute', finished_at = now()
    where id = ${jobId}`.execute(db);
}

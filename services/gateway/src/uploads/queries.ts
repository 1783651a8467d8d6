import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';
import type { StagedUpload } from '../staging/queries.ts';

/** The job of what an upload became; null before, and when that is gone. */
export async function findJobOf(
  db: Executor,
  { lecture_id, media_id }: Pick<StagedUpload, 'lecture_id' | 'media_id'>,
): Promise<string | null> {
  const { rows } = await sql<{ job_id: string }>`
    select job_id from lectures where id = ${lecture_id}::uuid
    union all
    select job_id from media_items where id = ${media_id}::bigint`.execute(db);
  return rows[0]?.job_id ?? null;
}

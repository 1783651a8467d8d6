import { randomUUID } from 'node:crypto';
import { lectureKeys, type LectureResult } from '@mediaworks/contracts';
import { insertJobs, newJob } from '@mediaworks/jobs';
import { sql } from 'kysely';
import { insertLecture } from '../lectures/queries.ts';
import type { StartedGateway } from './open-gateway.ts';

/** A lecture that no worker takes. */
export async function addLecture(
  { deps: { db } }: StartedGateway,
  ownerId: number,
  filename = 'algebra.mp4',
): Promise<{ id: string; jobId: string }> {
  const id = randomUUID();
  const video_key = `videos/${id}/${filename}`;
  const job = newJob(
    'lecture.convert',
    {
      lecture_id: id,
      filename,
      video_key,
      source_url: null,
      subtitle_key: null,
      layout: 'portrait',
      max_bytes: 1_000,
      uploaded_at: new Date().toISOString(),
    },
    { ownerId },
  );
  await db.transaction().execute(async (tx) => {
    await insertJobs(tx, [job]);
    const nothing = { file_size: 1_000, checksum: null, source_url: null, subtitle_key: null };
    await insertLecture(tx, {
      id,
      owner_id: ownerId,
      job_id: job.id,
      filename,
      video_key,
      layout: 'portrait',
      ...nothing,
    });
  });
  return { id, jobId: job.id };
}

/** What a worker leaves of a lecture. */
export function resultOf(id: string, options: { srt: boolean } = { srt: true }): LectureResult {
  const keys = lectureKeys(id);
  const object = (key: string) => ({ key, size: 10, sha256: 'a'.repeat(64) });
  return {
    pdf: object(keys.pdf),
    srt: options.srt ? object(keys.srt) : null,
    manifest: object(keys.manifest),
    slides: 3,
    pages: 4,
    duration: 60,
    transcript: { source: options.srt ? 'embedded' : 'none', language: null, model: null },
  };
}

/** Completes a job as a worker would have. */
export async function completeJob(
  { deps: { db } }: StartedGateway,
  jobId: string,
  result: LectureResult,
): Promise<void> {
  await sql`
    update jobs set status = 'completed', result = ${JSON.stringify(result)}::jsonb, progress_percent = 100,
      version = version + 1, finished_at = now(), updated_at = now()
    where id = ${jobId}`.execute(db);
}

import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';

export interface Figures {
  users: number;
  videos: number;
  /** Lectures that have become a PDF. */
  pdfs: number;
  processing: number;
  queued: number;
  failed: number;
}

export async function countEverything(db: Executor): Promise<Figures> {
  const { rows } = await sql<Figures>`
    select (select count(*) from users) as users, count(*) as videos,
      count(*) filter (where s.status = 'completed') as pdfs,
      count(*) filter (where s.status = 'processing') as processing,
      count(*) filter (where s.status = 'queued') as queued,
      count(*) filter (where s.status = 'failed') as failed
    from lectures l join jobs j on j.id = l.job_id cross join lateral (select job_status(j) as status) s`.execute(
    db,
  );
  return rows[0] ?? { users: 0, videos: 0, pdfs: 0, processing: 0, queued: 0, failed: 0 };
}

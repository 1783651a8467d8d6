import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';

/** A lecture as the world outside is told of it. */
export interface ToldLecture {
  id: string;
  job_id: string;
  filename: string;
  uid: string;
  email: string | null;
  status: 'in_queue' | 'processing' | 'completed' | 'failed' | 'cancelled';
  error: string | null;
  pdf_key: string | null;
  srt_key: string | null;
  created_at: Date;
  updated_at: Date;
  /** Grows with every change. */
  version: number;
}

/** @returns undefined when it is gone */
export async function readLecture(db: Executor, id: string): Promise<ToldLecture | undefined> {
  const { rows } = await sql<ToldLecture>`
    select l.id, l.job_id, l.filename, u.uid, u.email,
      case s.status when 'queued' then 'in_queue' else s.status end as status,
      case when s.status in ('failed', 'cancelled') then j.error ->> 'message' end as error,
      case when s.status = 'completed' then j.result -> 'pdf' ->> 'key' end as pdf_key,
      case when s.status = 'completed' then j.result -> 'srt' ->> 'key' end as srt_key,
      l.created_at, greatest(l.created_at, j.updated_at) as updated_at, j.version
    from lectures l
    join jobs j on j.id = l.job_id
    join users u on u.id = l.owner_id
    cross join lateral (select job_status(j) as status) s
    where l.id = ${id}`.execute(db);
  return rows[0];
}

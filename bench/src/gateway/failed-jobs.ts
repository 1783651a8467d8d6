import type { Pool } from 'pg';

/** Writes `count` jobs that have failed, each of which can be run again once, and answers their ids. */
export async function addFailedJobs(pool: Pool, count: number): Promise<string[]> {
  await pool.query(`insert into users (uid, username) values ('bench', 'bench') on conflict do nothing`);
  const { rows } = await pool.query<{ id: string }>(
    `insert into jobs (id, type, queue, owner_id, priority, status, input, error, max_attempts, attempt, finished_at)
     select gen_random_uuid(), 'media.transcode', 'media-transcoder', u.id, 'interactive', 'failed',
       jsonb_build_object('media_id', n, 'kind', 'image', 'original_key', 'media/image/photo.jpg', 'token', 'token',
                          'stem', 'photo', 'profile', '[]'::jsonb),
       '{"code": "corrupt_media", "message": "The file is incomplete", "retryable": false}', 3, 3, now()
     from users u, generate_series(1, $1) n where u.uid = 'bench' returning id`,
    [count],
  );
  // Half a table of new rows without statistics is planned as if it were empty.
  await pool.query('analyze jobs');
  return rows.map((row) => row.id);
}

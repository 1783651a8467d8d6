import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobError } from '@mediaworks/contracts';
import { openKeeper } from '@mediaworks/tiktok-keeper';
import { insertJobs, newJob } from '@mediaworks/jobs';
import { sql } from 'kysely';
import { openMediaStage } from '../../media/testing/media-stage.ts';
import { wipe } from '../../testing/wipe.ts';
import { listRuns } from '../queries.ts';

/** A gateway with no ingester: a test lists, fetches and ends runs as one would. */
export async function openTiktokStage(settings: Record<string, string> = {}) {
  const stage = await openMediaStage(settings);
  const folder = await mkdtemp(join(tmpdir(), 'tiktok-stage-'));
  const keeper = openKeeper(stage.env, stage);
  const { db, deps } = stage;

  const keep = async (username: string, video_id: string, more: { uploaded_at?: string } = {}) => {
    const video = join(folder, `${video_id}.mp4`);
    await writeFile(video, `video ${video_id}`);
    const facts = {
      ...{ video_id, username, video_url: `https://www.tiktok.com/@${username}/video/${video_id}` },
      ...{ title: `Video ${video_id}`, description: null, uploader: username, duration: 2.5 },
      ...{ width: 576, height: 1024, uploaded_at: null, like_count: 12, view_count: 1_000 },
      ...{
        comment_count: 3,
        share_count: null,
        sound_title: 'a sound',
        sound_artist: null,
        sound_album: null,
      },
    };
    return keeper.keep({ ...facts, ...more }, { video, thumbnail: video }, new AbortController().signal);
  };
  const userId = async (runId: string) => {
    const { rows } = await sql<{ owner_id: number }>`select owner_id from jobs where id = ${runId}`.execute(
      db,
    );
    return rows[0]?.owner_id ?? 0;
  };
  const end = async (id: string, status: string, outcome: { result?: unknown; error?: JobError } = {}) => {
    await sql`
      update jobs set status = ${status}, result = ${JSON.stringify(outcome.result ?? null)}::jsonb,
        error = ${outcome.error ? JSON.stringify(outcome.error) : null}::jsonb, finished_at = now(),
        progress_percent = 100, progress_stage = 'done', version = version + 1
      where id = ${id}`.execute(db);
  };
  return {
    ...stage,
    keeper,
    keep,
    end,
    /** The profile is listed, and the run waits for these videos. @returns the ids of their jobs, by video */
    list: async (runId: string, selected: string[], skipped: string[] = []) => {
      const { rows } = await sql<{ input: { username: string; student_id: string } }>`
        select input from jobs where id = ${runId}`.execute(db);
      const { username = '', student_id = '' } = rows[0]?.input ?? {};
      const ownerId = await userId(runId);
      const wanted = selected.filter((id) => !skipped.includes(id));
      const jobs = wanted.map((video_id) =>
        newJob(
          'tiktok.video',
          { student_id, username, video_id },
          {
            ownerId,
            parent: { id: runId, run: 1, key: video_id },
          },
        ),
      );
      await insertJobs(db, jobs);
      await sql`update jobs set has_children = ${jobs.length > 0} where id = ${runId}`.execute(db);
      const found = { username, found: selected.length, photo_posts: 0, selected, skipped };
      await end(runId, 'completed', { result: found });
      return new Map(wanted.map((id, index) => [id, jobs[index]?.id ?? '']));
    },
    /** How far a video is. */
    progress: async (jobId: string, percent: number) => {
      await sql`
        update jobs set status = 'processing', progress_percent = ${percent}, version = version + 1
        where id = ${jobId}`.execute(db);
    },
    /** Resolves when somebody has asked for a run of the student. */
    runOf: async (studentId: string): Promise<string> => {
      for (;;) {
        const [run] = await listRuns(db, studentId, 1);
        if (run) return run.id;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    wipe: () => wipe(db),
    closing: deps.closing,
    close: async () => {
      await stage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type TiktokStage = Awaited<ReturnType<typeof openTiktokStage>>;

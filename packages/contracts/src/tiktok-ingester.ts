import { z } from 'zod';
import { defineJob } from './define-job.ts';

/** TikTok's own rule: 2 to 24 letters, digits, underscores and periods, the last one no period; kept in lower case. */
export const tiktokUsername = z
  .string()
  .regex(/^(?=.{2,24}$)[a-z0-9_.]*[a-z0-9_]$/, 'expected a TikTok username: 2 to 24 of a-z, 0-9, _ and .');

/** A video's number, as TikTok gives it. */
export const tiktokVideoId = z.string().regex(/^\d{1,24}$/, 'expected the number of a TikTok video');

/** Whatever the school names its students by. */
export const studentId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\p{C}]+$/u, 'expected up to 128 printable characters');

export const MAX_VIDEOS_OF_A_RUN = 100;

export const tiktokIngestInput = z.object({
  student_id: studentId,
  username: tiktokUsername,
  max_videos: z.int().min(1).max(MAX_VIDEOS_OF_A_RUN),
  /** The first of the profile, or any of it. */
  random_selection: z.boolean(),
  /** What the random selection follows from: the same seed picks the same videos. */
  seed: z.string().min(1).max(64),
  /** Fetch again what is kept already. */
  force: z.boolean(),
});
export type TiktokIngestInput = z.infer<typeof tiktokIngestInput>;

export const tiktokIngestResult = z.object({
  username: tiktokUsername,
  /** Videos that the profile listed, as far as it was read. */
  found: z.int().nonnegative(),
  /** Posts of the profile that are pictures. */
  photo_posts: z.int().nonnegative(),
  /** Numbers of the videos that the run is about. */
  selected: z.array(tiktokVideoId),
  /** Those of them that were kept already, and were not fetched again. */
  skipped: z.array(tiktokVideoId),
});
export type TiktokIngestResult = z.infer<typeof tiktokIngestResult>;

export const tiktokVideoInput = z.object({
  student_id: studentId,
  username: tiktokUsername,
  video_id: tiktokVideoId,
});
export type TiktokVideoInput = z.infer<typeof tiktokVideoInput>;

export const tiktokVideoResult = z.object({
  video_id: tiktokVideoId,
  /** Where it lies in the bucket or the object store. */
  storage_path: z.string(),
  thumbnail_path: z.string().nullable(),
  /** Bytes. */
  size: z.int().positive(),
  /** Hex SHA-256. */
  checksum: z.string(),
});
export type TiktokVideoResult = z.infer<typeof tiktokVideoResult>;

/** Lists a profile, chooses, and has each chosen video fetched by a job of its own. */
export const tiktokIngest = defineJob({
  name: 'tiktok.ingest',
  queue: 'tiktok-ingester',
  input: tiktokIngestInput,
  result: tiktokIngestResult,
  attempts: 4,
  backoff: { baseMs: 5_000, maxMs: 300_000 },
  timeoutMs: 15 * 60_000,
  priority: 'interactive',
});

export const tiktokVideo = defineJob({
  name: 'tiktok.video',
  queue: 'tiktok-ingester',
  input: tiktokVideoInput,
  result: tiktokVideoResult,
  attempts: 4,
  backoff: { baseMs: 5_000, maxMs: 300_000 },
  timeoutMs: 30 * 60_000,
  priority: 'bulk',
});

/** Where a video and its picture lie: the same for every run. */
export const tiktokKeys = (username: string, videoId: string): { video: string; thumbnail: string } => ({
  video: `tiktok/${username}/${videoId}.mp4`,
  thumbnail: `tiktok/${username}/${videoId}.jpg`,
});

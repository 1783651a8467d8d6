import { z } from 'zod';
import { jobError, jobStatus, jobView } from './job-view.ts';
import { MAX_VIDEOS_OF_A_RUN, tiktokUsername } from './tiktok-ingester.ts';

const timestamp = z.iso.datetime();
const count = z.int().nonnegative().nullable();

/** A kept video. What TikTok did not tell is null. */
export const tiktokVideoView = z.object({
  video_id: z.string(),
  /** Where it was found. */
  video_url: z.url(),
  /** An address of the kept file, lasting where the bucket is public and open for a while where not; null if it is gone. */
  local_path: z.string().nullable(),
  thumbnail_url: z.string().nullable(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  uploader: z.string().nullable(),
  /** Seconds. */
  duration: z.number().nonnegative().nullable(),
  /** Bytes. */
  size: z.int().nonnegative(),
  width: z.int().positive().nullable(),
  height: z.int().positive().nullable(),
  /** Such as `576x1024`. */
  resolution: z.string().nullable(),
  uploaded_at: timestamp.nullable(),
  like_count: count,
  view_count: count,
  comment_count: count,
  share_count: count,
  sound: z.object({
    title: z.string().nullable(),
    artist: z.string().nullable(),
    album: z.string().nullable(),
  }),
  /** Hex SHA-256 of the file. */
  checksum: z.string(),
  stored_at: timestamp,
});
export type TiktokVideoView = z.infer<typeof tiktokVideoView>;

const ofStudent = z.object({ success: z.literal(true), student_id: z.string(), username: z.string() });

export const tiktokVideos = ofStudent.extend({
  videos: z.array(tiktokVideoView),
  count: z.int().nonnegative(),
});

/** The seed's answer, and what became of the run. */
export const tiktokDownload = tiktokVideos.extend({
  /** Whether the run came to its end and brought what it was to bring, or some of it. */
  success: z.boolean(),
  status: jobStatus,
  message: z.string(),
  /** Videos of the run that could not be had. */
  failed: z.array(z.object({ video_id: z.string(), error: jobError.nullable() })),
  job_id: z.uuid(),
  job: jobView,
});
export type TiktokDownload = z.infer<typeof tiktokDownload>;

export const tiktokUsernameView = ofStudent;

export const tiktokInfo = ofStudent.extend({
  profile_url: z.url(),
  /** Kept videos. */
  video_count: z.int().nonnegative(),
  /** Bytes of all of them. */
  total_size: z.int().nonnegative(),
  last_stored_at: timestamp.nullable(),
  last_job: jobView.nullable(),
});

export const tiktokJobs = z.object({
  success: z.literal(true),
  student_id: z.string(),
  jobs: z.array(jobView),
});

/** With or without the `@` that people write before it, in any case. */
export const usernameBody = z.object({
  username: z
    .string()
    .max(100)
    .transform((text) => text.trim().replace(/^@/, '').toLowerCase())
    .pipe(tiktokUsername),
});

const truth = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');

export const downloadQuery = z.object({
  max_videos: z.coerce.number().int().min(1).max(MAX_VIDEOS_OF_A_RUN).default(10),
  random_selection: truth.default(false),
  seed: z.string().min(1).max(64).optional(),
  force: truth.default(false),
});

import { z } from 'zod';
import { lectureLayout, transcriptSource } from './lecture2pdf.ts';

export const lectureStatus = z.enum(['in_queue', 'processing', 'completed', 'failed', 'cancelled']);
export type LectureStatus = z.infer<typeof lectureStatus>;

const timestamp = z.iso.datetime();

/** The answer to every way of bringing a video. */
export const lectureAccepted = z.object({
  video_id: z.uuid(),
  message: z.string(),
  /** Where the video lies in the store, or will lie once it was fetched. */
  s3_key: z.string(),
  job_id: z.uuid(),
});
export type LectureAccepted = z.infer<typeof lectureAccepted>;

export const lectureListItem = z.object({
  id: z.uuid(),
  video_id: z.uuid(),
  filename: z.string(),
  video_name: z.string(),
  status: lectureStatus,
  upload_date: timestamp,
  date: timestamp,
  created_at: timestamp,
  updated_at: timestamp,
  user_email: z.string(),
  progress_percent: z.number().min(0).max(100),
});
export type LectureListItem = z.infer<typeof lectureListItem>;

export const lectureList = z.object({
  videos: z.array(lectureListItem),
  /** Of all there are, whatever the page. */
  total: z.int().nonnegative(),
  timestamp,
});

/** All that is known of a lecture. What its result tells is null until there is one. */
export const lectureDetail = lectureListItem.extend({
  stage: z.string(),
  error_message: z.string().nullable(),
  error_code: z.string().nullable(),
  job_id: z.uuid(),
  layout: lectureLayout,
  source_url: z.string().nullable(),
  /** Bytes; null until a video that is fetched has come. */
  file_size: z.int().nonnegative().nullable(),
  slides: z.int().nonnegative().nullable(),
  pages: z.int().positive().nullable(),
  /** Seconds. */
  duration: z.number().nonnegative().nullable(),
  transcript_source: transcriptSource.nullable(),
  pdf_available: z.boolean(),
  srt_available: z.boolean(),
});
export type LectureDetail = z.infer<typeof lectureDetail>;

export const lectureDownload = z.object({
  download_url: z.url(),
  video_id: z.uuid(),
  filename: z.string(),
  /** Seconds that the address opens. */
  expires_in: z.int().positive(),
});

export const lectureEnded = z.object({
  success: z.literal(true),
  video_id: z.uuid(),
  status: z.enum(['cancelled', 'deleted']),
  message: z.string(),
});

const field = z.string().trim();

/** The fields that may stand beside the file of an upload. */
export const lectureFields = z.object({ layout: lectureLayout.default('portrait') });

/** A client's own name of an upload in chunks: anything that fits on a line and is no path. */
export const uploadFileId = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^/\\\p{C}]+$/u, 'expected up to 200 characters without slashes')
  .refine((id) => id !== '.' && id !== '..', 'expected a name, not a folder');

export const MAX_CHUNKS = 20_000;
const totalChunks = z.coerce.number().int().min(1).max(MAX_CHUNKS);

export const chunkFields = z
  .object({
    chunk_index: z.coerce.number().int().nonnegative(),
    total_chunks: totalChunks,
    file_id: uploadFileId,
    original_filename: field.max(1_000).optional(),
  })
  .refine(({ chunk_index, total_chunks }) => chunk_index < total_chunks, {
    path: ['chunk_index'],
    message: 'must be less than total_chunks',
  });

export const chunkAccepted = z.object({
  chunk_index: z.int().nonnegative(),
  total_chunks: z.int().positive(),
  file_id: z.string(),
  /** Bytes. */
  chunk_size: z.int().nonnegative(),
  message: z.string(),
});

export const assembleBody = lectureFields.extend({
  file_id: uploadFileId,
  total_chunks: totalChunks,
  original_filename: field.min(1).max(1_000),
});

export const importBody = lectureFields.extend({
  url: field.min(1).max(2_048),
  filename: field.min(1).max(1_000).optional(),
});

export const lectureWorkers = z.object({
  status: z.enum(['healthy', 'unavailable']),
  service: z.literal('lecture2pdf'),
  workers: z.int().nonnegative(),
  /** Jobs that they can do at once, and how many they do. */
  slots: z.int().nonnegative(),
  busy: z.int().nonnegative(),
  in_queue: z.int().nonnegative(),
  processing: z.int().nonnegative(),
  timestamp,
});

/** How an upload by tus stands. */
export const stagedUploadView = z.object({
  id: z.uuid(),
  service: z.enum(['lectures', 'media']),
  status: z.enum(['uploading', 'assembling', 'completed', 'failed']),
  /** Bytes that have come, and of all; null while the client has not said. */
  offset: z.int().nonnegative(),
  length: z.int().nonnegative().nullable(),
  video_id: z.uuid().nullable(),
  media_id: z.int().positive().nullable(),
  job_id: z.uuid().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

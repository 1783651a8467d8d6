import { z } from 'zod';
import { defineJob, definePurge } from './define-job.ts';

export const lectureLayout = z.enum(['portrait', 'landscape', 'slides-only']);
export type LectureLayout = z.infer<typeof lectureLayout>;

/** Where the words come from; none of them is ever made up. */
export const transcriptSource = z.enum(['uploaded', 'embedded', 'recognised', 'none']);
export type TranscriptSource = z.infer<typeof transcriptSource>;

const storedObject = z.object({
  /** Object key. */
  key: z.string(),
  /** Bytes. */
  size: z.int().nonnegative(),
  sha256: z.string(),
});

/** Seconds from the beginning of the video; `end` is not part of it. */
export const timeRange = z.object({ start: z.number().nonnegative(), end: z.number().nonnegative() });
export type TimeRange = z.infer<typeof timeRange>;

/** What lies at `manifests/{id}.json`. Times in seconds. */
export const lectureManifest = z.object({
  video: z.object({
    filename: z.string(),
    duration: z.number().nonnegative(),
    /** Pixels as displayed, after rotation. */
    width: z.int().positive(),
    height: z.int().positive(),
    fps: z.number().positive(),
  }),
  transcript: z.object({
    source: transcriptSource,
    /** BCP 47; null when unknown. */
    language: z.string().nullable(),
    model: z.string().nullable(),
  }),
  slides: z.array(
    z.object({
      n: z.int().positive(),
      title: z.string(),
      /** Page of the PDF that shows the slide, from 1. */
      page: z.int().positive(),
      frame_time: z.number().nonnegative(),
      ranges: z.array(timeRange),
      /** What is written on the slide, as far as it could be read. */
      text: z.string(),
      /** What was said while it was shown. */
      transcript: z.string(),
    }),
  ),
});
export type LectureManifest = z.infer<typeof lectureManifest>;

export const lectureInput = z.object({
  lecture_id: z.uuid(),
  filename: z.string(),
  /** Where the video lies, or will lie once it is fetched from `source_url`. */
  video_key: z.string(),
  /** Set for a video that is to be fetched first. */
  source_url: z.url().nullable(),
  /** An uploaded .srt or .vtt. */
  subtitle_key: z.string().nullable(),
  layout: lectureLayout,
  /** Bytes that a fetched video may have. */
  max_bytes: z.int().positive(),
  /** ISO 8601. */
  uploaded_at: z.iso.datetime(),
});
export type LectureInput = z.infer<typeof lectureInput>;

export const lectureResult = z.object({
  pdf: storedObject,
  /** Null when there is no text. */
  srt: storedObject.nullable(),
  manifest: storedObject,
  slides: z.int().nonnegative(),
  pages: z.int().positive(),
  /** Seconds. */
  duration: z.number().nonnegative(),
  transcript: lectureManifest.shape.transcript,
});
export type LectureResult = z.infer<typeof lectureResult>;

export const lectureConvert = defineJob({
  name: 'lecture.convert',
  queue: 'lecture2pdf',
  input: lectureInput,
  result: lectureResult,
  attempts: 3,
  backoff: { baseMs: 2_000, maxMs: 120_000 },
  timeoutMs: 6 * 3_600_000,
  priority: 'interactive',
});

/** Removes the objects of a deleted lecture. */
export const lecturePurge = definePurge('lecture.purge', 'lecture2pdf');

/** Where the outputs of a lecture lie: the same for every run. */
export const lectureKeys = (id: string): { pdf: string; srt: string; manifest: string } => ({
  pdf: `pdfs/${id}.pdf`,
  srt: `subtitles/${id}.srt`,
  manifest: `manifests/${id}.json`,
});

/** Below this lies what the finished stages of a conversion leave for a later try; nothing is there once it is done. */
export const lectureStages = (id: string): string => `stages/${id}/`;

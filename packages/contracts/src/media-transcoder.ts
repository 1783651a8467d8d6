import { z } from 'zod';
import { defineJob, definePurge } from './define-job.ts';

export const mediaKind = z.enum(['image', 'video', 'audio']);
export type MediaKind = z.infer<typeof mediaKind>;

/** Extras that a client can ask for at upload, as a comma-separated `profile`. */
export const mediaProfile = z.enum(['avif', 'loudness', 'waveform', 'preview']);
export type MediaProfile = z.infer<typeof mediaProfile>;

export const renditionName = z.enum([
  'thumbnail',
  'small',
  'medium',
  'large',
  'webp',
  'avif',
  'poster',
  'video',
  'audio',
  'waveform',
  'preview',
]);
export type RenditionName = z.infer<typeof renditionName>;

export const rendition = z.object({
  /** Object key. */
  key: z.string(),
  mime: z.string(),
  size: z.int().nonnegative(),
  sha256: z.string(),
  width: z.int().positive().nullable(),
  height: z.int().positive().nullable(),
});
export type Rendition = z.infer<typeof rendition>;

export const transcodeResult = z.object({
  kind: mediaKind,
  /** Pixels as displayed, after orientation or rotation; null for sound. */
  width: z.int().positive().nullable(),
  height: z.int().positive().nullable(),
  /** Seconds; null for a still picture. */
  duration: z.number().nonnegative().nullable(),
  /** Bits per second of the source; null for a still picture. */
  bitrate: z.int().nonnegative().nullable(),
  /** Base64 of a thumbhash of the picture or poster. */
  thumbhash: z.string().nullable(),
  renditions: z.partialRecord(renditionName, rendition),
  /** What the probe told, without any place or person. */
  metadata: z.record(z.string(), z.unknown()),
});
export type TranscodeResult = z.infer<typeof transcodeResult>;

export const transcodeInput = z.object({
  media_id: z.int().positive(),
  kind: mediaKind,
  original_key: z.string(),
  /** Unguessable part of every rendition's key. */
  token: z.string(),
  /** The upload's name without folder and extension, safe for a key. */
  stem: z.string(),
  profile: z.array(mediaProfile),
});
export type TranscodeInput = z.infer<typeof transcodeInput>;

export const mediaTranscode = defineJob({
  name: 'media.transcode',
  queue: 'media-transcoder',
  input: transcodeInput,
  result: transcodeResult,
  attempts: 3,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  timeoutMs: 30 * 60_000,
  priority: 'interactive',
});

/** Removes the objects of a deleted item. */
export const mediaPurge = definePurge('media.purge', 'media-transcoder');

/**
 * Where a rendition lies: the same for every run of a job, so that running it twice gives the same objects. The stem
 * and the token are safe in a key.
 */
export function renditionKey(
  input: { token: string; stem: string },
  name: RenditionName,
  extension: string,
): string {
  return `media/${name}/${input.token}_${input.stem}_${name}.${extension}`;
}

import { z } from 'zod';
import { jobError } from './job-view.ts';
import { mediaKind, mediaProfile, rendition, renditionName } from './media-transcoder.ts';

/** What a client sees of an item. Nothing is ever `uploading` as a row: an upload is written whole or not at all. */
export const mediaStatus = z.enum(['uploading', 'processing', 'ready', 'failed']);
export type MediaStatus = z.infer<typeof mediaStatus>;

const timestamp = z.iso.datetime();
const address = z.url().nullable();

/** Every address that an item may have; the ones that its kind and profile promise are always there, null until made. */
export const mediaUrls = z.partialRecord(z.enum([...renditionName.options, 'original']), address);

export const mediaItem = z.object({
  id: z.int().positive(),
  user: z.int().positive(),
  user_username: z.string(),
  file_type: mediaKind,
  status: mediaStatus,
  /** Of the original, in bytes. */
  file_size: z.int().nonnegative(),
  mime_type: z.string(),
  filename: z.string(),
  display_url: address,
  thumbnail_url: address,
  urls: mediaUrls,
  width: z.int().positive().nullable(),
  height: z.int().positive().nullable(),
  /** Seconds. */
  duration: z.number().nonnegative().nullable(),
  /** Bits per second. */
  bitrate: z.int().nonnegative().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  is_public: z.boolean(),
  created_at: timestamp,
  updated_at: timestamp,
  error: jobError.nullable(),
  progress: z.object({ percent: z.number().min(0).max(100), stage: z.string() }),
  thumbhash: z.string().nullable(),
  poster: address,
  /** Hex SHA-256 of the original. */
  checksum: z.string(),
  profile: z.array(mediaProfile),
  renditions: z.partialRecord(renditionName, rendition.omit({ key: true }).extend({ url: z.url() })),
  job_id: z.uuid(),
});
export type MediaItem = z.infer<typeof mediaItem>;

export const mediaPage = z.object({
  count: z.int().nonnegative(),
  next: z.url().nullable(),
  previous: z.url().nullable(),
  results: z.array(mediaItem),
});
export type MediaPage = z.infer<typeof mediaPage>;

export const mediaStats = z.object({
  total: z.int().nonnegative(),
  by_type: z.record(mediaKind, z.int().nonnegative()),
  by_status: z.record(mediaStatus, z.int().nonnegative()),
  /** Bytes of all originals. */
  total_size: z.int().nonnegative(),
});
export type MediaStats = z.infer<typeof mediaStats>;

/** A field of a form says yes or no in many ways; these are the ones that the old server understood. */
const spokenBoolean = z
  .string()
  .trim()
  .toLowerCase()
  .pipe(z.enum(['true', 't', 'yes', 'y', 'on', '1', 'false', 'f', 'no', 'n', 'off', '0']))
  .transform((word) => ['true', 't', 'yes', 'y', 'on', '1'].includes(word));

/** The fields that may stand beside `file` in an upload. */
export const mediaUploadFields = z.object({
  profile: z
    .string()
    .optional()
    .transform((text) => [
      ...new Set(
        (text ?? '')
          .split(',')
          .map((word) => word.trim())
          .filter((word) => word !== ''),
      ),
    ])
    .pipe(z.array(mediaProfile)),
  is_public: spokenBoolean.optional().transform((value) => value ?? true),
});
export type MediaUploadFields = z.infer<typeof mediaUploadFields>;

export const mediaChanges = z.strictObject({ is_public: z.boolean() });

export const MEDIA_PAGE_SIZE = 20;
export const MAX_MEDIA_PAGE_SIZE = 100;

export const mediaFilter = z.object({
  type: mediaKind.optional(),
  status: mediaStatus.optional(),
  page_size: z.coerce
    .number()
    .int()
    .positive()
    .default(MEDIA_PAGE_SIZE)
    .transform((size) => Math.min(size, MAX_MEDIA_PAGE_SIZE)),
});

import { byteSize, duration } from '@mediaworks/runtime';
import { z } from 'zod';

const MB = 2 ** 20;

/** What the media routes read from the environment. */
export const mediaEnv = {
  MAX_IMAGE_BYTES: byteSize.default(10 * MB),
  MAX_VIDEO_BYTES: byteSize.default(100 * MB),
  MAX_AUDIO_BYTES: byteSize.default(20 * MB),
  /** Failed items older than this are removed every night. */
  MEDIA_FAILED_RETENTION: duration.default(7 * 86_400_000),
  /** The hour, in UTC, of the nightly cleanup. */
  MEDIA_CLEANUP_HOUR: z.coerce.number().int().min(0).max(23).default(2),
};

import { byteSize, duration } from '@mediaworks/runtime';
import { z } from 'zod';

/** What the media-transcoder alone reads. */
export const transcoderEnv = {
  FFMPEG_PATH: z.string().optional(),
  FFPROBE_PATH: z.string().optional(),
  /** Wall time of one run of ffmpeg. */
  FFMPEG_TIMEOUT: duration.default(25 * 60_000),
  /** Address space of one ffmpeg. */
  FFMPEG_MEMORY: byteSize.default(4 * 2 ** 30),
  /** Threads of one ffmpeg; slots × threads should be the machine's cores. */
  FFMPEG_THREADS: z.coerce.number().int().min(1).max(64).default(1),
  /** Largest file that ffmpeg may write. */
  MAX_OUTPUT_BYTES: byteSize.default(2 * 2 ** 30),
};

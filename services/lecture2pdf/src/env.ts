import { byteSize, duration, safeFetchEnv } from '@mediaworks/runtime';
import { z } from 'zod';

/** What the lecture2pdf worker alone reads. */
export const lectureEnv = {
  ...safeFetchEnv,
  FFMPEG_PATH: z.string().optional(),
  FFPROBE_PATH: z.string().optional(),
  /** Wall time of one run of ffmpeg. */
  FFMPEG_TIMEOUT: duration.default(3 * 3_600_000),
  /** Address space of one ffmpeg. */
  FFMPEG_MEMORY: byteSize.default(4 * 2 ** 30),
  /** Threads of one ffmpeg, and of the speech model; slots × threads should be the machine's cores. */
  FFMPEG_THREADS: z.coerce.number().int().min(1).max(64).default(1),
  /** How many parts of a long video are decoded at a time; default: as many as a slot has cores, at most 4. */
  LECTURE_DECODERS: z.coerce.number().int().min(1).max(16).optional(),
  /** A folder with a speech model and its manifest; without it, speech is not recognised. */
  ASR_MODEL_DIR: z.string().optional(),
};

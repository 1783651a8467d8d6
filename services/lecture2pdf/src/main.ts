import { availableParallelism } from 'node:os';
import { purge, runWorker } from '@mediaworks/jobs';
import { configureMedia } from '@mediaworks/media';
import { convert } from './convert.ts';
import { lectureEnv } from './env.ts';
import { openSherpaRecogniser } from './transcript/index.ts';

/** Each takes an ffmpeg's memory, and the finding keeps up with no more. */
const MOST_DECODERS = 4;

await runWorker({
  queue: 'lecture2pdf',
  // What is unpacked to group the slides is garbage at once: let it double, and it is still there beside the next ffmpeg.
  heapGrowthPercent: 30,
  env: lectureEnv,
  handlers: async (env, { slots }) => {
    await configureMedia({ ffmpegPath: env.FFMPEG_PATH, ffprobePath: env.FFPROBE_PATH });
    const threads = env.FFMPEG_THREADS;
    const limits = { timeoutMs: env.FFMPEG_TIMEOUT, memoryBytes: env.FFMPEG_MEMORY, threads };
    const recogniser =
      env.ASR_MODEL_DIR === undefined
        ? undefined
        : await openSherpaRecogniser(env.ASR_MODEL_DIR, { threads });
    const cores = Math.floor(availableParallelism() / slots / threads);
    const decoders = env.LECTURE_DECODERS ?? Math.max(1, Math.min(MOST_DECODERS, cores));
    const handler = convert({ limits, recogniser, decoders, allow: env.SAFE_FETCH_ALLOW });
    return { 'lecture.convert': handler, 'lecture.purge': purge };
  },
});

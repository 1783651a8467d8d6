import { purge, runWorker } from '@mediaworks/jobs';
import { configureMedia } from '@mediaworks/media';
import { GROWTH_BY_PICTURES, scheduleAsBatch } from '@mediaworks/runtime';
import { transcoderEnv } from './env.ts';
import { transcode } from './transcode.ts';

scheduleAsBatch();
await runWorker({
  queue: 'media-transcoder',
  heapGrowthPercent: GROWTH_BY_PICTURES,
  env: transcoderEnv,
  handlers: async (env) => {
    await configureMedia({ ffmpegPath: env.FFMPEG_PATH, ffprobePath: env.FFPROBE_PATH });
    const limits = {
      timeoutMs: env.FFMPEG_TIMEOUT,
      memoryBytes: env.FFMPEG_MEMORY,
      outputBytes: env.MAX_OUTPUT_BYTES,
      threads: env.FFMPEG_THREADS,
    };
    return { 'media.transcode': transcode(limits), 'media.purge': purge };
  },
});

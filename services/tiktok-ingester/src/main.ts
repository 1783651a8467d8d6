import { runWorker } from '@mediaworks/jobs';
import { configureMedia } from '@mediaworks/media';
import { openKeeper } from '@mediaworks/tiktok-keeper';
import { ingesterEnv, pauseOf, settingsOf } from './env.ts';
import { fetchVideo } from './fetch-video.ts';
import { ingest } from './ingest.ts';
import { locateYtdlp } from './ytdlp/index.ts';

await runWorker({
  queue: 'tiktok-ingester',
  env: ingesterEnv,
  paceMs: pauseOf,
  handlers: async (env, house) => {
    await configureMedia({ ffmpegPath: env.FFMPEG_PATH, ffprobePath: env.FFPROBE_PATH });
    const ytdlp = locateYtdlp(env.YTDLP_PATH);
    // Without it the worker runs all the same: each job says what is missing, and it may come any time.
    house.announce(
      await ytdlp().then(
        ({ words }) => words,
        () => 'yt-dlp not found',
      ),
    );
    const parts = { ytdlp, settings: settingsOf(env), keeper: openKeeper(env, house) };
    return { 'tiktok.ingest': ingest(parts), 'tiktok.video': fetchVideo(parts) };
  },
});

import { join } from 'node:path';
import type { TiktokIngestInput } from '@mediaworks/contracts';
import type { Handler } from '@mediaworks/jobs';
import type { VideoKeeper } from '@mediaworks/tiktok-keeper';
import { chooseVideos } from './choose.ts';
import type { YtdlpSettings } from './env.ts';
import { listProfile, type YtdlpProgram } from './ytdlp/index.ts';

export interface IngesterParts {
  readonly ytdlp: () => Promise<YtdlpProgram>;
  readonly settings: YtdlpSettings;
  readonly keeper: VideoKeeper;
}

/** Posts that are read for a choice among all of a profile. */
const MOST_POSTS = 5_000;
/** The first posts of a profile may be pictures: so many more are read than videos are wanted. */
const SPARE_POSTS = 20;

/** List the profile, choose, see what is kept already, have the rest fetched: each by a job of its own. */
export function ingest({ ytdlp, settings, keeper }: IngesterParts): Handler<'tiktok.ingest'> {
  return async (input, ctx) => {
    const { username, force } = input;
    ctx.progress(5, 'listing the profile');
    const listed = await listProfile(await ytdlp(), settings, username, {
      most: input.random_selection ? MOST_POSTS : input.max_videos + SPARE_POSTS,
      folder: join(ctx.tmp, 'profile'),
      signal: ctx.signal,
    });
    const selected = chooseVideos(listed.videos, choiceOf(input));
    const kept = force ? [] : (await keeper.find(selected)).map(({ video_id }) => video_id);
    const wanted = selected.filter((id) => !kept.includes(id));
    ctx.log.info('profile listed', { found: listed.videos.length, wanted: wanted.length, kept: kept.length });
    for (const video_id of wanted) {
      await ctx.spawn('tiktok.video', video_id, { student_id: input.student_id, username, video_id });
    }
    return {
      username,
      found: listed.videos.length,
      photo_posts: listed.photoPosts,
      selected,
      skipped: kept,
    };
  };
}

const choiceOf = ({ max_videos, random_selection, seed }: TiktokIngestInput) => ({
  most: max_videos,
  random: random_selection,
  seed,
});

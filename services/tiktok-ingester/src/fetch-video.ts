import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TiktokVideoInput } from '@mediaworks/contracts';
import { PermanentError } from '@mediaworks/contracts';
import type { Handler } from '@mediaworks/jobs';
import { type MediaProbe, probe } from '@mediaworks/media';
import type { VideoFacts } from '@mediaworks/tiktok-keeper';
import type { IngesterParts } from './ingest.ts';
import { makeThumbnail } from './make-thumbnail.ts';
import { type DownloadedVideo, downloadVideo, photoPost, videoUrl } from './ytdlp/index.ts';

/** Fetch the video and what is known of it, look into the file, keep it. */
export function fetchVideo({ ytdlp, settings, keeper }: IngesterParts): Handler<'tiktok.video'> {
  return async (input, ctx) => {
    const { signal } = ctx;
    const folder = join(ctx.tmp, 'video');
    ctx.progress(1, 'asking TikTok');
    const program = await ytdlp();
    const video = { username: input.username, videoId: input.video_id };
    const downloaded = await downloadVideo(program, settings, video, {
      folder,
      signal,
      onProgress: (percent) => ctx.progress(3 + percent * 0.82, 'downloading'),
    });
    ctx.progress(86, 'looking into the file');
    const probed = await probe(downloaded.path, { signal });
    if (probed.kind !== 'video') throw photoPost();
    const thumbnail = await makeThumbnail(
      downloaded.thumbnail,
      { path: downloaded.path, probe: probed },
      join(ctx.tmp, 'thumbnail.jpg'),
      signal,
    );
    ctx.releaseSlot();
    ctx.progress(90, 'keeping');
    const facts = factsOf(input, downloaded, probed);
    const kept = await keeper.keep(facts, { video: downloaded.path, thumbnail }, signal);
    await rm(folder, { recursive: true, force: true });
    const { video_id, storage_path, thumbnail_path, size, checksum } = kept;
    return { video_id, storage_path, thumbnail_path, size, checksum };
  };
}

/** What the file says of itself counts more than what TikTok says of it. */
function factsOf(
  { username, video_id }: TiktokVideoInput,
  { metadata }: DownloadedVideo,
  probed: MediaProbe,
): VideoFacts {
  const [picture] = probed.videos;
  if (!picture) throw new PermanentError('unsupported_media', 'The file has no moving picture');
  return {
    video_id,
    username,
    video_url: videoUrl(username, video_id),
    title: metadata.title,
    description: metadata.description,
    uploader: metadata.uploader,
    duration: probed.duration ?? metadata.duration,
    width: picture.width,
    height: picture.height,
    uploaded_at: metadata.uploadedAt?.toISOString() ?? null,
    like_count: metadata.likes,
    view_count: metadata.views,
    comment_count: metadata.comments,
    share_count: metadata.shares,
    sound_title: metadata.sound.title,
    sound_artist: metadata.sound.artist,
    sound_album: metadata.sound.album,
  };
}

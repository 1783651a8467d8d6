import type { TiktokDownload, TiktokVideoView } from '@mediaworks/contracts';
import type { JobRow } from '@mediaworks/jobs';
import type { KeptVideo, VideoKeeper } from '@mediaworks/tiktok-keeper';
import type { FetchedVideo } from './queries.ts';

/** Presents kept videos, with addresses of their files. */
export function createVideoPresenter(
  keeper: VideoKeeper,
  env: { PUBLIC_URL: string; LINK_LIFETIME: number },
): (videos: readonly KeptVideo[]) => Promise<TiktokVideoView[]> {
  return async (videos) => {
    const paths = videos.flatMap(({ storage_path, thumbnail_path }) =>
      thumbnail_path === null ? [storage_path] : [storage_path, thumbnail_path],
    );
    const addresses = await keeper.addressesOf(paths, Math.round(env.LINK_LIFETIME / 1_000));
    const addressOf = (path: string | null): string | null => {
      const address = path === null ? undefined : addresses.get(path);
      // The store of the local disk is served by us, and knows only the path.
      return address === undefined ? null : new URL(address, `${env.PUBLIC_URL}/`).href;
    };
    return videos.map((video) => present(video, addressOf));
  };
}

function present(video: KeptVideo, addressOf: (path: string | null) => string | null): TiktokVideoView {
  const { width, height } = video;
  return {
    video_id: video.video_id,
    video_url: video.video_url,
    local_path: addressOf(video.storage_path),
    thumbnail_url: addressOf(video.thumbnail_path),
    title: video.title,
    description: video.description,
    uploader: video.uploader,
    duration: video.duration,
    size: video.size,
    width,
    height,
    resolution: width === null || height === null ? null : `${width}x${height}`,
    uploaded_at: video.uploaded_at,
    like_count: video.like_count,
    view_count: video.view_count,
    comment_count: video.comment_count,
    share_count: video.share_count,
    sound: { title: video.sound_title, artist: video.sound_artist, album: video.sound_album },
    checksum: video.checksum,
    stored_at: video.stored_at,
  };
}

/** How a run stands, in a sentence. */
export function messageOf(
  run: Pick<JobRow, 'status' | 'stage' | 'children'>,
  videos: number,
  selected: number,
): string {
  if (run.status === 'queued') return 'Waiting for its turn';
  if (run.status === 'processing') return `Downloading: ${run.stage}`;
  if (run.status === 'cancelled') return `Cancelled; ${videos} videos are stored`;
  if (selected === 0) return 'The account has no videos';
  return videos === selected
    ? `Downloaded ${videos} video${videos === 1 ? '' : 's'}`
    : `Downloaded ${videos} of ${selected} videos`;
}

/** Videos that a run could not bring. */
export function failuresOf(fetched: readonly FetchedVideo[]): TiktokDownload['failed'] {
  return fetched
    .filter(({ status }) => status === 'failed' || status === 'cancelled')
    .map(({ video_id, error }) => ({ video_id, error }));
}

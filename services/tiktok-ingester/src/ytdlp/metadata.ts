import { z } from 'zod';

const text = (longest: number) =>
  z
    .string()
    // Postgres keeps no NUL.
    .transform((value) => value.replaceAll('\0', '').slice(0, longest))
    .nullable()
    .catch(null);
const count = z.int().nonnegative().nullable().catch(null);

/** What yt-dlp tells of a video; each field by itself, so that a strange one costs no other. */
const info = z.object({
  title: text(1_000),
  description: text(10_000),
  uploader: text(200),
  duration: z.number().nonnegative().nullable().catch(null),
  /** Unix seconds. */
  timestamp: z.int().positive().max(32_503_680_000).nullable().catch(null),
  like_count: count,
  view_count: count,
  comment_count: count,
  repost_count: count,
  track: text(500),
  album: text(500),
  artist: text(500),
  artists: z.array(z.string()).nullable().catch(null),
  /** Bytes of the chosen format, where TikTok said it. */
  filesize: z.int().positive().nullable().catch(null),
});

export interface VideoMetadata {
  readonly title: string | null;
  readonly description: string | null;
  readonly uploader: string | null;
  /** Seconds. */
  readonly duration: number | null;
  readonly uploadedAt: Date | null;
  readonly likes: number | null;
  readonly views: number | null;
  readonly comments: number | null;
  readonly shares: number | null;
  readonly sound: { title: string | null; artist: string | null; album: string | null };
  readonly filesize: number | null;
}

/** Reads a `.info.json` of yt-dlp, of whatever version. */
export function readMetadata(given: unknown): VideoMetadata {
  const fields = typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {};
  const told = info.parse(fields);
  return {
    title: told.title,
    description: told.description,
    uploader: told.uploader,
    duration: told.duration,
    uploadedAt: told.timestamp === null ? null : new Date(told.timestamp * 1_000),
    likes: told.like_count,
    views: told.view_count,
    comments: told.comment_count,
    shares: told.repost_count,
    sound: {
      title: told.track,
      artist: told.artist ?? (told.artists?.length ? told.artists.join(', ').slice(0, 500) : null),
      album: told.album,
    },
    filesize: told.filesize,
  };
}

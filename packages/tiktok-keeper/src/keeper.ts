/** What is kept of a video beside its file. What TikTok did not tell is null. */
export interface VideoFacts {
  readonly video_id: string;
  readonly username: string;
  /** Where it was found. */
  readonly video_url: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly uploader: string | null;
  /** Seconds. */
  readonly duration: number | null;
  /** Pixels. */
  readonly width: number | null;
  readonly height: number | null;
  /** ISO 8601, as the next. */
  readonly uploaded_at: string | null;
  readonly like_count: number | null;
  readonly view_count: number | null;
  readonly comment_count: number | null;
  readonly share_count: number | null;
  readonly sound_title: string | null;
  readonly sound_artist: string | null;
  readonly sound_album: string | null;
}

/** A kept video. */
export interface KeptVideo extends VideoFacts {
  /** Where the file lies. */
  readonly storage_path: string;
  readonly thumbnail_path: string | null;
  /** Bytes. */
  readonly size: number;
  /** Hex SHA-256 of the file. */
  readonly checksum: string;
  readonly stored_at: string;
}

/** A video on the local disk. */
export interface VideoFiles {
  readonly video: string;
  /** A JPEG. */
  readonly thumbnail: string | undefined;
}

/**
 * Who remembers which student has which account, and keeps the videos. A row is written when its files are there, so
 * that whoever finds the row finds the files; to keep a video again replaces both.
 *
 * What goes wrong is a PermanentError (`bucket_missing`, `permission_denied`, `tables_missing`, `too_large`), a
 * TransientError (`keeper_unavailable`, `keeper_failed`), a RetryAfterError, or a StorageError of the object store.
 */
export interface VideoKeeper {
  usernameOf(studentId: string): Promise<string | undefined>;
  /** Says whose account it is, instead of what was said before. */
  link(studentId: string, username: string): Promise<void>;
  /** Those that are kept, in the order given. */
  find(videoIds: readonly string[]): Promise<KeptVideo[]>;
  /** An account's videos, newest first. @param page.limit 1–1,000 */
  videosOf(username: string, page: { offset: number; limit: number }): Promise<KeptVideo[]>;
  totalsOf(username: string): Promise<{ videos: number; bytes: number; lastStoredAt: string | null }>;
  /** Keeps the files, then the row. @throws the signal's reason */
  keep(facts: VideoFacts, files: VideoFiles, signal: AbortSignal): Promise<KeptVideo>;
  /** Addresses of files by where they lie: lasting where they are public, otherwise open for `expiresInSeconds`. */
  addressesOf(paths: readonly string[], expiresInSeconds: number): Promise<ReadonlyMap<string, string>>;
  /** Rejects when nothing can be kept at present. */
  check(): Promise<void>;
}

/** The columns that both adapters read, in one order. */
export const videoColumns = [
  ...['video_id', 'username', 'video_url', 'title', 'description', 'uploader', 'duration', 'width', 'height'],
  ...['uploaded_at', 'like_count', 'view_count', 'comment_count', 'share_count'],
  ...['sound_title', 'sound_artist', 'sound_album'],
  ...['storage_path', 'thumbnail_path', 'size', 'checksum', 'stored_at'],
] as const;

/** Puts rows into the order of the ids that they were asked for by. */
export function inOrder(rows: readonly KeptVideo[], videoIds: readonly string[]): KeptVideo[] {
  const byId = new Map(rows.map((row) => [row.video_id, row]));
  return [...new Set(videoIds)].flatMap((id) => byId.get(id) ?? []);
}

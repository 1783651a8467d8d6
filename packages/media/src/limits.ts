/** What one piece of media may cost. Every field has a default in {@link defaultMediaLimits}. */
export interface MediaLimits {
  /** Wall time of one run of ffmpeg, in ms. Shorter media gets less: see {@link timeLimitMs}. */
  readonly timeoutMs: number;
  /** Address space of one ffmpeg or ffprobe process, in bytes. */
  readonly memoryBytes: number;
  /** Largest single file that ffmpeg may write, in bytes. */
  readonly outputBytes: number;
  /**
   * Threads of one ffmpeg, at least 1. The default is 1, for a worker that runs one job a core: two jobs of one
   * thread finish 1.14–1.20 times sooner than two that share both cores, in less memory. A machine with more
   * cores than slots sets it to cores divided by slots.
   */
  readonly threads: number;
  /** Largest frame that is decoded, in pixels (width × height). */
  readonly framePixels: number;
  /** Longest video or sound that is accepted, in seconds. */
  readonly durationSeconds: number;
}

export const defaultMediaLimits: MediaLimits = {
  // A little under the half hour that a media job may take, so that the clearer of the two errors comes first.
  timeoutMs: 25 * 60_000,
  memoryBytes: 4 * 2 ** 30,
  outputBytes: 2 * 2 ** 30,
  threads: 1,
  // 8K UHD, with room for the padded sizes that encoders write.
  framePixels: 8192 * 4352,
  durationSeconds: 4 * 3600,
};

const STARTUP_MS = 60_000;
/** A slow core encodes 4K at a fifth of real time; this leaves it ten times that. */
const MS_PER_SECOND_OF_MEDIA = 50_000;

/** The defaults with `overrides` over them. */
export function mediaLimits(overrides: Partial<MediaLimits> = {}): MediaLimits {
  return { ...defaultMediaLimits, ...overrides };
}

/**
 * How long ffmpeg may work on media of this length, in ms: a stuck run on a short clip ends in minutes, not at
 * the overall limit. An unknown length (null) gets the whole limit.
 */
export function timeLimitMs(limits: MediaLimits, durationSeconds: number | null): number {
  if (durationSeconds === null) return limits.timeoutMs;
  return Math.min(limits.timeoutMs, STARTUP_MS + Math.ceil(durationSeconds * MS_PER_SECOND_OF_MEDIA));
}

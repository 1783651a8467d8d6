import { byteSize, duration } from '@mediaworks/runtime';
import { keeperEnv } from '@mediaworks/tiktok-keeper';
import { z } from 'zod';

/** What the tiktok-ingester alone reads. */
export const ingesterEnv = {
  ...keeperEnv,
  FFMPEG_PATH: z.string().optional(),
  FFPROBE_PATH: z.string().optional(),
  /** Full path of yt-dlp; otherwise the one on PATH. */
  YTDLP_PATH: z.string().optional(),
  /** Through which TikTok is reached, such as `http://host:port` or `socks5://host:port`. */
  TIKTOK_PROXY: z.url({ protocol: /^(https?|socks[45]h?|socks4a)$/ }).optional(),
  /** Certificates (PEM) that are trusted instead of the system's: for a proxy that opens TLS. */
  TIKTOK_CA_FILE: z.string().optional(),
  /** Cookies of an account that may see more, in the format of Netscape. */
  TIKTOK_COOKIES_FILE: z.string().optional(),
  /** A browser that yt-dlp passes itself off as, such as `chrome`; needs its curl_cffi. */
  TIKTOK_IMPERSONATE: z
    .string()
    .regex(/^[a-z0-9:.-]+$/i)
    .optional(),
  /** Which of a video's formats is fetched. */
  TIKTOK_FORMAT: z.string().min(1).max(200).default('best[ext=mp4]/best'),
  /** A larger video is refused. */
  TIKTOK_MAX_VIDEO_BYTES: byteSize.default(500 * 2 ** 20),
  /** Wall time of one run of yt-dlp. */
  TIKTOK_TIMEOUT: duration.default(20 * 60_000),
  /** How long TikTok may say nothing. */
  TIKTOK_SOCKET_TIMEOUT: duration.default(30_000),
  /** Time between two downloads, whichever replica does them. */
  TIKTOK_PAUSE: duration.default(500),
  /** At most so much more, at random. */
  TIKTOK_PAUSE_JITTER: duration.default(500),
  /** What TikTok is left alone for when it asks for it without saying how long. */
  TIKTOK_RATE_LIMIT_PAUSE: duration.default(300_000),
};

type IngesterEnv = z.infer<z.ZodObject<typeof ingesterEnv>>;

/** Time to the next download, in ms. */
export function pauseOf(env: Pick<IngesterEnv, 'TIKTOK_PAUSE' | 'TIKTOK_PAUSE_JITTER'>): number {
  return env.TIKTOK_PAUSE + Math.random() * env.TIKTOK_PAUSE_JITTER;
}

/** How yt-dlp is run. */
export interface YtdlpSettings {
  proxy: string | undefined;
  caFile: string | undefined;
  cookiesFile: string | undefined;
  impersonate: string | undefined;
  format: string;
  /** Bytes. */
  maxVideoBytes: number;
  timeoutMs: number;
  socketTimeoutMs: number;
  rateLimitPauseMs: number;
}

export function settingsOf(env: IngesterEnv): YtdlpSettings {
  return {
    proxy: env.TIKTOK_PROXY,
    caFile: env.TIKTOK_CA_FILE,
    cookiesFile: env.TIKTOK_COOKIES_FILE,
    impersonate: env.TIKTOK_IMPERSONATE,
    format: env.TIKTOK_FORMAT,
    maxVideoBytes: env.TIKTOK_MAX_VIDEO_BYTES,
    timeoutMs: env.TIKTOK_TIMEOUT,
    socketTimeoutMs: env.TIKTOK_SOCKET_TIMEOUT,
    rateLimitPauseMs: env.TIKTOK_RATE_LIMIT_PAUSE,
  };
}

import { EventEmitter } from 'node:events';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PermanentError } from '@mediaworks/contracts';
import { exec, ExecError, errorCode } from '@mediaworks/runtime';
import YTDlpWrapModule, { type Progress } from 'yt-dlp-wrap';
import type { YtdlpSettings } from '../env.ts';
import type { YtdlpProgram } from './program.ts';

// It is a CommonJS module whose class is called default.
const { default: YTDlpWrap } = YTDlpWrapModule;

/** What yt-dlp said. */
export interface YtdlpOutput {
  /** Null when it ended well. */
  readonly failure: ExecError | null;
  /** The lines that matter of both streams, without the traffic. */
  readonly lines: readonly string[];
  /** The last answer that asked for a pause, and how long, in ms; null where it did not say. */
  readonly tooMany: { retryAfterMs: number | null } | undefined;
}

const MAX_LINES = 20_000;
const MAX_LINE = 2_000;
const MEMORY_BYTES = 2 * 2 ** 30;
/** Beside the video itself: pages, the picture, what is known of it. */
const OTHER_FILES_BYTES = 64 * 2 ** 20;

/**
 * Runs yt-dlp in a folder of its own, which everything that it writes goes to. Its lines are read by yt-dlp-wrap; it is
 * started, limited and ended as every child of ours, which yt-dlp-wrap would leave behind when this process dies.
 * @param onProgress percent of the file that comes, 0–100
 * @throws ExecTimeoutError; the signal's reason; PermanentError `cookies_missing`
 */
export async function runYtdlp(
  program: YtdlpProgram,
  settings: YtdlpSettings,
  args: (cookies: string | undefined) => string[],
  options: { folder: string; signal: AbortSignal; onProgress?: (percent: number) => void },
): Promise<YtdlpOutput> {
  const { folder, signal } = options;
  await mkdir(folder, { recursive: true });
  const heard = listenTo(options.onProgress);
  const failure = await exec(program.path, args(await lendCookies(settings, folder)), {
    cwd: folder,
    signal,
    timeoutMs: settings.timeoutMs,
    env: childEnvironment(settings, folder),
    limits: { memoryBytes: MEMORY_BYTES, fileBytes: settings.maxVideoBytes + OTHER_FILES_BYTES },
    onStdout: (stdout) => heard.readAll(stdout),
    onStderrLine: heard.hear,
  }).then(
    () => null,
    (error: unknown) => {
      if (error instanceof ExecError) return error;
      throw error;
    },
  );
  return { failure, lines: heard.lines, tooMany: heard.tooMany() };
}

function childEnvironment({ caFile }: YtdlpSettings, folder: string): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
    HOME: folder,
    LANG: 'C.UTF-8',
    PYTHONIOENCODING: 'utf-8',
    // Otherwise what it says comes late, and so does what it tells of its progress.
    PYTHONUNBUFFERED: '1',
    ...(caFile === undefined ? {} : { SSL_CERT_FILE: caFile }),
  };
}

/** yt-dlp writes into its cookie file: it gets one of its own each time. */
async function lendCookies(settings: YtdlpSettings, folder: string): Promise<string | undefined> {
  if (settings.cookiesFile === undefined) return undefined;
  const copy = join(folder, 'cookies.txt');
  try {
    await copyFile(settings.cookiesFile, copy);
    await chmod(copy, 0o600);
  } catch (error) {
    if (errorCode(error) === 'ENOSPC') throw error;
    throw new PermanentError('cookies_missing', 'TIKTOK_COOKIES_FILE can not be read', { cause: error });
  }
  return copy;
}

function listenTo(onProgress: ((percent: number) => void) | undefined) {
  const lines: string[] = [];
  let status = 0;
  let tooMany: { retryAfterMs: number | null } | undefined;
  const events = new EventEmitter();
  events.on('progress', ({ percent }: Progress) => {
    if (percent !== undefined && Number.isFinite(percent)) onProgress?.(percent);
  });

  const hear = (given: string) => {
    const line = given.trim().slice(0, MAX_LINE);
    const reply = /^reply: ['"]HTTP\/[\d.]+ (\d{3})/.exec(line);
    if (reply) {
      status = Number(reply[1]);
      if (status === 429) tooMany = { retryAfterMs: null };
      return;
    }
    const header = /^header: ([\w-]+): ?(.*)$/.exec(line);
    if (header) {
      if (status === 429 && header[1]?.toLowerCase() === 'retry-after') {
        tooMany = { retryAfterMs: pauseFrom(header[2] ?? '', Date.now()) };
      }
      return;
    }
    if (line === '' || line.startsWith('send: ')) return;
    if (/^\[download\]\s+[\d.]+%/.test(line)) YTDlpWrap.emitYoutubeDlEvents(line, events as never);
    else if (lines.length < MAX_LINES) lines.push(line);
  };
  return {
    lines,
    hear,
    tooMany: () => tooMany,
    readAll: async (stdout: Readable) => {
      for await (const line of createInterface({ input: stdout, crlfDelay: Infinity })) hear(line);
    },
  };
}

/** Seconds or a date (RFC 9110, 10.2.3), in ms from `now`; null for neither. */
export function pauseFrom(retryAfter: string, now: number): number | null {
  const text = retryAfter.trim();
  if (/^\d{1,7}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

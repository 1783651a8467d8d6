import { TransientError } from '@mediaworks/contracts';
import { exec, ExecError, findOnPath } from '@mediaworks/runtime';

/** The yt-dlp of this machine. */
export interface YtdlpProgram {
  readonly path: string;
  /** Such as `2026.08.19`. */
  readonly version: string;
  /** In words, with what to do about it where it is too old. */
  readonly words: string;
}

/** TikTok changes its pages; yt-dlp itself warns at this age. */
const OLD_AFTER_DAYS = 90;
const DAY_MS = 86_400_000;
/** It may be brought up to date while we run. */
const LOOK_AGAIN_MS = 600_000;
const VERSION_TIMEOUT_MS = 60_000;
const WAYS = 'pipx install yt-dlp, brew install yt-dlp, or set YTDLP_PATH';

/**
 * @param path YTDLP_PATH; without it, the one on PATH
 * @returns a function that tells the program, asking it for its version at most every ten minutes
 */
export function locateYtdlp(path: string | undefined): () => Promise<YtdlpProgram> {
  let known: { program: Promise<YtdlpProgram>; at: number } | undefined;
  return async () => {
    if (known && Date.now() - known.at < LOOK_AGAIN_MS) return known.program;
    const program = look(path);
    known = { program, at: Date.now() };
    program.catch(() => (known = undefined));
    return program;
  };
}

/** @throws TransientError `ytdlp_missing`, `ytdlp_broken` */
async function look(given: string | undefined): Promise<YtdlpProgram> {
  const path = given ?? findOnPath('yt-dlp');
  if (path === undefined) {
    throw new TransientError('ytdlp_missing', `yt-dlp is needed and was not found: ${WAYS}`);
  }
  const { stdout } = await exec(path, ['--ignore-config', '--version'], {
    timeoutMs: VERSION_TIMEOUT_MS,
  }).catch((error: unknown) => {
    const reason = error instanceof ExecError ? `it ended with code ${error.exitCode}` : 'it does not start';
    throw new TransientError('ytdlp_broken', `yt-dlp can not be used, ${reason}: ${WAYS}`, { cause: error });
  });
  const version = stdout.toString().trim().slice(0, 40);
  return { path, version, words: inWords(version, Date.now()) };
}

/** @param now Unix ms */
export function inWords(version: string, now: number): string {
  const days = ageInDays(version, now);
  if (days === undefined) return `yt-dlp ${version}`;
  return days > OLD_AFTER_DAYS
    ? `yt-dlp ${version} (too old by ${days - OLD_AFTER_DAYS} days for what TikTok is today; bring it up to date)`
    : `yt-dlp ${version}`;
}

/** Releases are named after their day; undefined for one that is not. */
function ageInDays(version: string, now: number): number | undefined {
  const [, year, month, day] = /^(\d{4})\.(\d{1,2})\.(\d{1,2})/.exec(version) ?? [];
  if (year === undefined) return undefined;
  return Math.floor((now - Date.UTC(Number(year), Number(month) - 1, Number(day))) / DAY_MS);
}

import { PermanentError, TransientError } from '@mediaworks/contracts';
import type { YtdlpSettings } from '../env.ts';
import { ENTRY, listArguments } from './arguments.ts';
import { explain, stateOf } from './failure.ts';
import { readPages } from './pages.ts';
import type { YtdlpProgram } from './program.ts';
import { runYtdlp } from './run.ts';

/** What a profile shows. */
export interface ListedProfile {
  /** Numbers of its videos, in the order of the profile. */
  readonly videos: readonly string[];
  /** Posts among those read that are pictures. */
  readonly photoPosts: number;
}

const NO_VIDEOS = /does not have any videos/i;

/**
 * Lists a profile. An account without posts has an empty list.
 * @param most posts at most
 * @throws PermanentError `profile_private`, `profile_banned`, `profile_not_found`, `region_locked`, `photo_only`;
 *   TransientError `profile_live` and others; RetryAfterError `rate_limited`
 */
export async function listProfile(
  program: YtdlpProgram,
  settings: YtdlpSettings,
  username: string,
  options: { most: number; folder: string; signal: AbortSignal },
): Promise<ListedProfile> {
  const output = await runYtdlp(
    program,
    settings,
    (cookies) => listArguments(settings, cookies, username, options.most),
    options,
  );
  const pages = await readPages(options.folder);
  const ids = output.lines
    .filter((line) => line.startsWith(ENTRY))
    .map((line) => line.slice(ENTRY.length))
    .filter((id) => /^\d{1,24}$/.test(id));
  const empty = output.lines.some((line) => NO_VIDEOS.test(line));
  const told = (message: string) => `${message} (${program.words})`;

  // A list that broke off is not the profile's: what it lacks would never be fetched.
  if (output.failure && !empty) {
    throw explain(output, pages, 'profile', { program: program.words, pauseMs: settings.rateLimitPauseMs });
  }
  const videos = [...new Set(ids)].filter((id) => !pages.photos.has(id));
  if (videos.length > 0) return { videos, photoPosts: pages.photos.size };
  const state = stateOf(pages, 'profile');
  if (state) throw new PermanentError(state[0], told(state[1]));
  if (pages.photos.size > 0) {
    throw new PermanentError('photo_only', told('This account shows pictures, and no video'));
  }
  if (pages.live) {
    throw new TransientError(
      'profile_live',
      told('This account is live and shows no video; come back later'),
    );
  }
  if (pages.account === undefined && !empty) {
    const message =
      'TikTok’s page of this account is not what it was: it has changed, or shows something else to us';
    throw new TransientError('page_changed', told(message));
  }
  return { videos, photoPosts: 0 };
}

import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import type { PageState } from './pages.ts';
import type { YtdlpOutput } from './run.ts';

/** What went wrong is about an account, or about one of its videos. */
export type Subject = 'profile' | 'video';

type Known = readonly [code: string, message: string];

/** What TikTok's pages mean by their codes, as its own web client words them. */
const accountStates: ReadonlyMap<number, Known> = new Map([
  [10202, ['profile_not_found', 'There is no such account on TikTok (any more)']],
  [10221, ['profile_banned', 'TikTok has banned this account']],
  [10222, ['profile_private', 'This account is private: only those whom it lets follow it see its videos']],
  [10225, ['profile_not_found', 'TikTok does not show this account']],
  [10231, ['region_locked', 'TikTok does not show this account in this country']],
  [209002, ['region_locked', 'TikTok does not show this account in this country']],
]);
const postStates: ReadonlyMap<number, Known> = new Map([
  [10204, ['video_removed', 'This video is no longer on TikTok']],
  [10215, ['video_under_review', 'TikTok is still looking at this video']],
  [10216, ['video_private', 'This video is private']],
  [10217, ['video_private', 'This video is for friends alone']],
  [10221, ['profile_banned', 'TikTok has banned this account']],
  [10222, ['profile_private', 'This account is private: only those whom it lets follow it see its videos']],
  [10230, ['login_required', 'TikTok shows this video only to those who are signed in']],
  [10231, ['region_locked', 'TikTok does not show this video in this country']],
  [209002, ['region_locked', 'TikTok does not show this video in this country']],
]);

interface Rule {
  says: RegExp;
  code: string | Record<Subject, string>;
  message: string;
  passes: boolean;
}

/** What yt-dlp says when the pages are silent; the first that fits counts. */
const rules: readonly Rule[] = [
  rule(/No space left on device|Errno 28\b/, 'no_space', 'The worker has no disk space left', true),
  rule(
    /larger than max-filesize|File too large|Errno 27\b/,
    'too_large',
    'The video is larger than TIKTOK_MAX_VIDEO_BYTES allows',
    false,
  ),
  rule(
    /HTTP Error 403|HTTP Error 401/,
    'source_forbidden',
    'TikTok refused; it may take this machine for a robot: cookies, a proxy or impersonation may help',
    true,
  ),
  rule(
    /HTTP Error (404|410)/,
    { profile: 'profile_not_found', video: 'video_removed' },
    'TikTok has nothing at this address (any more)',
    false,
  ),
  rule(
    /HTTP Error 451|not available (in|from) your (country|region|location)|geo.?restrict/i,
    'region_locked',
    'TikTok does not show this in this country',
    false,
  ),
  rule(/HTTP Error 5\d\d/, 'source_unavailable', 'TikTok has trouble of its own', true),
  rule(
    /account is private|post is private|video is private|permission to view/i,
    { profile: 'profile_private', video: 'video_private' },
    'It is private on TikTok',
    false,
  ),
  rule(
    /requiring login|log ?in for access/i,
    'login_required',
    'TikTok shows this only to those who are signed in',
    false,
  ),
  rule(
    /\bis (currently )?live\b|live (stream|event)|UserNotLive/i,
    'live',
    'It is a live stream; come back when it is over',
    true,
  ),
  rule(
    /IncompleteRead|bytes read|Did not get any data|Connection (aborted|reset|refused)|Remote end closed|closed connection|timed out|Unable to connect|Network is unreachable|Name or service|Temporary failure|proxy|EOF occurred|UNEXPECTED_EOF|\[SSL|giving up after/i,
    'source_interrupted',
    'The connection to TikTok broke',
    true,
  ),
  rule(
    /no such option|not available.*impersonat|impersonat.*not available|Invalid impersonate/i,
    'ytdlp_option',
    'This yt-dlp does not know an option that is set',
    false,
  ),
  rule(
    /Requested format is not available|No video formats found/,
    'no_format',
    'There is no video in the format that TIKTOK_FORMAT asks for',
    false,
  ),
  rule(
    /Unable to (extract|find|parse)|Unexpected response|Failed to (extract|parse)|JSON|KeyError|TypeError|NoneType|please report this issue|Video not available/,
    'page_changed',
    'TikTok’s pages are not what yt-dlp expects: they have changed, or TikTok shows something else to this machine',
    true,
  ),
];

function rule(says: RegExp, code: Rule['code'], message: string, passes: boolean): Rule {
  return { says, code, message, passes };
}

const PAUSE_JITTER = 0.2;
/** The longest that TikTok's word is taken for. */
const MAX_PAUSE_MS = 6 * 3_600_000;

/**
 * What a run of yt-dlp that brought nothing means. The page's own word counts more than yt-dlp's.
 * @param program in words, for the message
 * @param pauseMs when TikTok asks for a pause without saying how long
 */
export function explain(
  output: YtdlpOutput,
  pages: PageState,
  subject: Subject,
  context: { program: string; pauseMs: number; videoId?: string },
): Error {
  const cause = output.failure ?? undefined;
  const told = (message: string) => `${message} (${context.program})`;
  const state = stateOf(pages, subject);
  if (state) return new PermanentError(state[0], told(state[1]), { cause });
  const errors = output.lines.filter((line) =>
    /^(ERROR|WARNING)|larger than max-filesize|HTTP Error/.test(line),
  );
  const text = [...errors, cause?.stderr ?? ''].join('\n');
  if (output.tooMany !== undefined && /429|Too Many Requests/i.test(text)) {
    return rateLimited(output.tooMany.retryAfterMs ?? context.pauseMs, told, cause);
  }
  if (context.videoId !== undefined && pages.photos.has(context.videoId)) return photoPost(told);
  const found = rules.find(({ says }) => says.test(text));
  if (!found) {
    return new TransientError('ytdlp_failed', told('yt-dlp failed in a way that we do not know'), { cause });
  }
  const code = typeof found.code === 'string' ? found.code : found.code[subject];
  return found.passes
    ? new TransientError(code, told(found.message), { cause })
    : new PermanentError(code, told(found.message), { cause });
}

/** The state of an account or a post that is not as it should be. */
export function stateOf(pages: PageState, subject: Subject): Known | undefined {
  const states = subject === 'profile' ? accountStates : postStates;
  const code = subject === 'profile' ? pages.account : pages.post;
  return code === undefined ? undefined : states.get(code);
}

export const photoPost = (told: (message: string) => string = (message) => message) =>
  new PermanentError('photo_post', told('This post is made of pictures, and has no video'));

/** Nobody comes back at the very moment, and not all at once. */
function rateLimited(pauseMs: number, told: (message: string) => string, cause: Error | undefined): Error {
  const delayMs = Math.round(Math.min(pauseMs, MAX_PAUSE_MS) * (1 + Math.random() * PAUSE_JITTER));
  return new RetryAfterError(Math.max(1_000, delayMs), 'rate_limited', told('TikTok asks for a pause'), {
    cause,
  });
}

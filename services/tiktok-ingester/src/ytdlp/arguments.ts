import type { YtdlpSettings } from '../env.ts';

const SITE = 'https://www.tiktok.com';

const profileUrl = (username: string) => `${SITE}/@${username}`;
export const videoUrl = (username: string, videoId: string) => `${SITE}/@${username}/video/${videoId}`;

/** What begins each line that tells a post of a list. */
export const ENTRY = 'mediaworks-entry ';

/** An address is the last argument, behind `--`: whatever it is, it is never an option. */
const about = (options: readonly string[], url: string) => [...options, '--', url];

/** Lists a profile, newest first, without opening its videos. @param most posts at most */
export function listArguments(
  settings: YtdlpSettings,
  cookies: string | undefined,
  username: string,
  most: number,
): string[] {
  const listing = ['--flat-playlist', '--ignore-no-formats-error', '--playlist-end', String(most)];
  return about([...common(settings, cookies), ...listing, '--print', `${ENTRY}%(id)s`], profileUrl(username));
}

/** Fetches a video as `video.*`, with its picture and all that is known of it, into the folder that it runs in. */
export function downloadArguments(
  settings: YtdlpSettings,
  cookies: string | undefined,
  username: string,
  videoId: string,
): string[] {
  return about(
    [
      ...common(settings, cookies),
      ...['--no-playlist', '--format', settings.format, '--max-filesize', String(settings.maxVideoBytes)],
      ...['--newline', '--progress', '--no-mtime', '--fixup', 'never', '--output', 'video.%(ext)s'],
      ...['--write-info-json', '--write-thumbnail'],
    ],
    videoUrl(username, videoId),
  );
}

function common(settings: YtdlpSettings, cookies: string | undefined): string[] {
  const { proxy, caFile, impersonate, socketTimeoutMs } = settings;
  return [
    ...['--ignore-config', '--no-cache-dir', '--no-color'],
    // What a page says of its state is told to nobody but by the page; and how long to wait, by a header alone.
    ...['--write-pages', '--print-traffic'],
    ...['--socket-timeout', String(socketTimeoutMs / 1_000), '--retries', '3', '--extractor-retries', '1'],
    ...(proxy === undefined ? [] : ['--proxy', proxy]),
    ...(caFile === undefined ? [] : ['--compat-options', 'no-certifi']),
    ...(cookies === undefined ? [] : ['--cookies', cookies]),
    ...(impersonate === undefined ? [] : ['--impersonate', impersonate]),
  ];
}

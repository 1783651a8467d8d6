import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where what the set-up brought stays, for every checkout of this user.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ which has a path that is empty or relative ignored
 */
export function cacheFolder(name: string): string {
  const given = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(given) ? given : join(homedir(), '.cache'), 'mediaworks', name);
}

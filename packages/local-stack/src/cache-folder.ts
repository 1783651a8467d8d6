import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what the set-up brought stays, for every checkout of this user. */
export function cacheFolder(name: string): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mediaworks', name);
}

import type { InputOf } from '@mediaworks/contracts';
import { type JobOrigin, newJob, type NewJob } from '@mediaworks/jobs';
import { renditionPrefixes } from './object-keys.ts';
import type { RemovedItem } from './queries.ts';

/** The job that removes an item's objects. */
export function purgeOf(item: RemovedItem, origin: Omit<JobOrigin, 'ownerId'>): NewJob {
  return newJob('media.purge', objectsOf(item), { ...origin, ownerId: item.owner_id });
}

/** What is there, or may be. */
export function objectsOf({ original_key, token, result }: RemovedItem): InputOf<'media.purge'> {
  // Without a result nobody knows what is there: a try that failed, or one still at work, may have stored some of it.
  if (!result) return { keys: [original_key], prefixes: renditionPrefixes(token) };
  const made = Object.values(result.renditions).map(({ key }) => key);
  return { keys: [original_key, ...made], prefixes: [] };
}

import { type JobOrigin, newJob, type NewJob } from '@mediaworks/jobs';
import { renditionPrefixes } from './object-keys.ts';
import type { RemovedItem } from './queries.ts';

/** The job that removes an item's objects, those included that a run still at work may yet write. */
export function purgeOf(item: RemovedItem, origin: Omit<JobOrigin, 'ownerId'>): NewJob {
  const input = { keys: [item.original_key], prefixes: renditionPrefixes(item.token) };
  return newJob('media.purge', input, { ...origin, ownerId: item.owner_id });
}

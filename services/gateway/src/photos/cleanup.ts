import { insertJobs, newJob } from '@mediaworks/jobs';
import type { GatewayDeps } from '../deps.ts';
import type { Chore } from '../nightly/start-nightly.ts';
import { removeAll } from '../staging/remove-all.ts';
import { forgetOldPhotos, knownPhotos, type OldPhoto } from './batch-queries.ts';
import { PHOTO_PREFIXES, photoOf } from './object-keys.ts';
import { deleteAbandonedPhotos } from './person-queries.ts';

export interface PhotoCleanupOptions extends Pick<GatewayDeps, 'db' | 'store'> {
  /** Says that jobs were committed. */
  nudge: () => void;
  /** Photos of batches are kept this long. */
  retentionMs: number;
  /** Objects that no row names are left alone until they are this old (a day): theirs may be about to be written. */
  orphanAgeMs?: number;
}

export interface PhotosCleaned {
  old: number;
  abandoned: number;
  orphans: number;
}

const BATCH = 500;
const DAY_MS = 86_400_000;

/** Removes photos of batches that are old enough, photos of enrolments that came to nothing, and objects without a row. */
export function photoCleanup(options: PhotoCleanupOptions): Chore<PhotosCleaned> {
  return {
    name: 'photo-cleanup',
    work: async (signal, keep) => ({
      old: await removeOld(options, signal, keep),
      abandoned: await removeAbandoned(options, signal, keep),
      orphans: await removeOrphans(options, signal, keep),
    }),
  };
}

/** The row forgets its photo and the job that removes it comes, together. */
async function removeOld(
  { db, nudge, retentionMs }: PhotoCleanupOptions,
  signal: AbortSignal,
  keep: () => Promise<void>,
): Promise<number> {
  let removed = 0;
  for (;;) {
    signal.throwIfAborted();
    const batch = await db.transaction().execute(async (tx) => {
      const photos = await forgetOldPhotos(tx, retentionMs, BATCH);
      const jobs = [...byOwner(photos)].map(([ownerId, keys]) =>
        newJob('photos.purge', { keys, prefixes: [] }, { ownerId }),
      );
      if (jobs.length > 0) await insertJobs(tx, jobs);
      return photos.length;
    });
    removed += batch;
    if (batch === 0) return removed;
    nudge();
    await keep();
  }
}

function byOwner(photos: readonly OldPhoto[]): Map<number, string[]> {
  const keys = new Map<number, string[]>();
  for (const { owner_id, object_key } of photos) {
    keys.set(owner_id, [...(keys.get(owner_id) ?? []), object_key]);
  }
  return keys;
}

async function removeAbandoned(
  { db, store }: PhotoCleanupOptions,
  signal: AbortSignal,
  keep: () => Promise<void>,
): Promise<number> {
  let removed = 0;
  for (;;) {
    signal.throwIfAborted();
    const keys = await deleteAbandonedPhotos(db, BATCH);
    // What can't be removed now is an orphan from now on.
    await removeAll(store, keys);
    removed += keys.length;
    if (keys.length === 0) return removed;
    await keep();
  }
}

/** Objects without a row: the gateway died between storing and writing, or before it forgot what it compared. */
async function removeOrphans(
  { db, store, orphanAgeMs = DAY_MS }: PhotoCleanupOptions,
  signal: AbortSignal,
  keep: () => Promise<void>,
): Promise<number> {
  let removed = 0;
  const flush = async (keys: readonly string[]) => {
    signal.throwIfAborted();
    const known = new Set<string>();
    for (const table of ['photos', 'person_photos'] as const) {
      const ids = keys.map(photoOf).flatMap((photo) => (photo?.table === table ? photo.id : []));
      for (const id of await knownPhotos(db, table, ids)) known.add(id);
    }
    for (const key of keys) {
      const photo = photoOf(key);
      if (photo && known.has(photo.id)) continue;
      const head = await store.head(key);
      if (!head || Date.now() - head.modifiedAt.getTime() < orphanAgeMs) continue;
      await store.remove(key);
      removed++;
    }
    await keep();
  };
  for (const prefix of PHOTO_PREFIXES) {
    let batch: string[] = [];
    for await (const { key } of store.list(prefix)) {
      batch.push(key);
      if (batch.length < BATCH) continue;
      await flush(batch);
      batch = [];
    }
    await flush(batch);
  }
  return removed;
}

import { type Executor, insertJobs } from '@mediaworks/jobs';
import type { ObjectStore } from '@mediaworks/storage';
import type { Chore } from '../nightly/start-nightly.ts';
import { tokenOf } from './object-keys.ts';
import { purgeOf } from './purge.ts';
import { deleteFailedItems, knownTokens } from './queries.ts';

export interface CleanupOptions {
  db: Executor;
  store: ObjectStore;
  /** Says that jobs were committed. */
  nudge: () => void;
  /** Failed items are kept this long. */
  retentionMs: number;
  /** Objects that no item knows are left alone until they are this old (a day): their item may be about to be written. */
  orphanAgeMs?: number;
}

export interface Cleaned {
  failed: number;
  orphans: number;
}

const BATCH = 500;
const DAY_MS = 86_400_000;

/** Removes what failed long ago, and objects that belong to nothing. */
export function mediaCleanup(options: CleanupOptions): Chore<Cleaned> {
  return {
    name: 'media-cleanup',
    work: async (signal, keep) => ({
      failed: await removeFailed(options, signal, keep),
      orphans: await removeOrphans(options, signal, keep),
    }),
  };
}

/** Items that failed long ago: the row goes and the job that removes its objects comes, together. */
async function removeFailed(
  { db, nudge, retentionMs }: CleanupOptions,
  signal: AbortSignal,
  keep: () => Promise<void>,
): Promise<number> {
  let removed = 0;
  for (;;) {
    signal.throwIfAborted();
    const batch = await db.transaction().execute(async (tx) => {
      const items = await deleteFailedItems(tx, retentionMs, BATCH);
      if (items.length > 0)
        await insertJobs(
          tx,
          items.map((item) => purgeOf(item, {})),
        );
      return items.length;
    });
    removed += batch;
    if (batch === 0) return removed;
    nudge();
    await keep();
  }
}

/** Objects without an item: the gateway died between storing and writing, or a worker stored after the deletion. */
async function removeOrphans(
  options: CleanupOptions,
  signal: AbortSignal,
  keep: () => Promise<void>,
): Promise<number> {
  const { db, store } = options;
  let removed = 0;
  let batch: { key: string; token: string }[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    const known = await knownTokens(db, [...new Set(batch.map((object) => object.token))]);
    for (const { key, token } of batch) {
      if (!known.has(token) && (await removeIfOld(options, key))) removed++;
    }
    batch = [];
    await keep();
  };
  for await (const { key } of store.list('media/')) {
    const token = tokenOf(key);
    if (token === undefined) continue;
    batch.push({ key, token });
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return removed;
}

async function removeIfOld({ store, orphanAgeMs = DAY_MS }: CleanupOptions, key: string): Promise<boolean> {
  const head = await store.head(key);
  if (!head || Date.now() - head.modifiedAt.getTime() < orphanAgeMs) return false;
  await store.remove(key);
  return true;
}

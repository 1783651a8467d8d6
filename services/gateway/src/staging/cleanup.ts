import { errorFields } from '@mediaworks/runtime';
import type { GatewayDeps } from '../deps.ts';
import type { Chore } from '../nightly/start-nightly.ts';
import { deleteStaged, isWhole, knownParts, listAbandoned, type StagedUpload } from './queries.ts';
import type { Staging } from './staging.ts';

export interface StagingCleanupOptions extends Pick<GatewayDeps, 'db' | 'store' | 'log'> {
  staging: Pick<Staging, 'remove'>;
  /** An upload that nobody goes on with is kept this long. */
  retentionMs: number;
  /** Makes something of an upload of which every byte came, and which nobody asked for since. */
  finish: (upload: StagedUpload) => Promise<unknown>;
  /** Pieces that no upload knows are left alone until they are this old (a day). */
  orphanAgeMs?: number;
}

/** How long a finished upload still tells what it became. */
const FINISHED_MS = 7 * 86_400_000;
const DAY_MS = 86_400_000;
const BATCH = 200;

/** Removes uploads that were given up, and pieces that belong to none. */
export function stagingCleanup(options: StagingCleanupOptions): Chore<{ uploads: number; orphans: number }> {
  return {
    name: 'staging-cleanup',
    work: async (signal, keep) => ({
      uploads: await removeAbandoned(options, signal, keep),
      orphans: await removeOrphans(options, signal, keep),
    }),
  };
}

async function removeAbandoned(
  { db, log, staging, retentionMs, finish }: StagingCleanupOptions,
  signal: AbortSignal,
  keep: () => Promise<void>,
): Promise<number> {
  let removed = 0;
  for (;;) {
    signal.throwIfAborted();
    const ages = { openMs: retentionMs, finishedMs: FINISHED_MS };
    const batch = await listAbandoned(db, ages, BATCH);
    for (const upload of batch) {
      if (isWhole(upload)) {
        // What was acknowledged to its last byte is not thrown away because a gateway died just then.
        await finish(upload).catch((error: unknown) =>
          log.warn('an upload that is whole could not be finished', { id: upload.id, ...errorFields(error) }),
        );
        continue;
      }
      await staging.remove(await deleteStaged(db, upload.id));
      removed++;
    }
    await keep();
    if (batch.length < BATCH) return removed;
  }
}

async function removeOrphans(
  { db, store, orphanAgeMs = DAY_MS }: StagingCleanupOptions,
  signal: AbortSignal,
  keep: () => Promise<void>,
): Promise<number> {
  let removed = 0;
  let batch: string[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    const known = await knownParts(db, batch);
    for (const key of batch) {
      if (known.has(key)) continue;
      const head = await store.head(key);
      if (!head || Date.now() - head.modifiedAt.getTime() < orphanAgeMs) continue;
      await store.remove(key);
      removed++;
    }
    batch = [];
    await keep();
  };
  for await (const { key } of store.list('chunks/')) {
    batch.push(key);
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return removed;
}

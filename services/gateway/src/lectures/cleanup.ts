import type { GatewayDeps } from '../deps.ts';
import type { Chore } from '../nightly/start-nightly.ts';
import { LECTURE_PREFIXES, lectureOf } from './object-keys.ts';
import { neededObjects } from './queries.ts';

export interface LectureCleanupOptions extends Pick<GatewayDeps, 'db' | 'store'> {
  /** Objects that no lecture knows are left alone until they are this old (a day): theirs may be about to be written. */
  orphanAgeMs?: number;
}

const DAY_MS = 86_400_000;
const BATCH = 500;

/** Removes objects without a lecture: the gateway died between storing and writing, or a worker stored after the deletion. */
export function lectureCleanup(options: LectureCleanupOptions): Chore<{ orphans: number }> {
  return {
    name: 'lecture-cleanup',
    work: async (signal, keep) => {
      let orphans = 0;
      for (const prefix of LECTURE_PREFIXES) orphans += await removeOrphans(options, prefix, signal, keep);
      return { orphans };
    },
  };
}

async function removeOrphans(
  { db, store, orphanAgeMs = DAY_MS }: LectureCleanupOptions,
  prefix: string,
  signal: AbortSignal,
  keep: () => Promise<void>,
): Promise<number> {
  let removed = 0;
  let batch: { key: string; lecture: string }[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    const needed = await neededObjects(db, batch);
    for (const { key } of batch) {
      if (needed.has(key)) continue;
      const head = await store.head(key);
      if (!head || Date.now() - head.modifiedAt.getTime() < orphanAgeMs) continue;
      await store.remove(key);
      removed++;
    }
    batch = [];
    await keep();
  };
  for await (const { key } of store.list(prefix)) {
    const lecture = lectureOf(key);
    if (lecture === undefined) continue;
    batch.push({ key, lecture });
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return removed;
}

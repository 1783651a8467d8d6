import { type Executor, insertJobs } from '@mediaworks/jobs';
import { errorFields, type Logger } from '@mediaworks/runtime';
import type { ObjectStore } from '@mediaworks/storage';
import { keepChore, lastStroke, leaveChore, takeChore } from './chores.ts';
import { tokenOf } from './object-keys.ts';
import { purgeOf } from './purge.ts';
import { deleteFailedItems, knownTokens } from './queries.ts';

export interface CleanupOptions {
  db: Executor;
  store: ObjectStore;
  log: Logger;
  /** Says that jobs were committed. */
  nudge: () => void;
  /** Failed items are kept this long. */
  retentionMs: number;
  /** Objects that no item knows are left alone until they are this old (a day): their item may be about to be written. */
  orphanAgeMs?: number;
  /** 0–23, UTC. */
  hour: number;
}

export interface Cleaned {
  failed: number;
  orphans: number;
}

const CHORE = 'media-cleanup';
const BATCH = 500;
const DAY_MS = 86_400_000;
const LOOK_EVERY_MS = 60_000;

/**
 * Cleans up once a night, in whichever process looks first. When it was done last is remembered in the database: a
 * night that nobody was up for is made up for, and none is done twice.
 */
export function startCleanup(options: CleanupOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let running: Promise<unknown> | undefined;
  const look = () => {
    running ??= cleanUpIfDue(options, new Date(), stopping.signal)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) options.log.warn('media cleanup did not finish', errorFields(error));
      })
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  look();
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}

/** @returns what was removed; undefined when it was not due, or is another's to do */
export async function cleanUpIfDue(
  options: CleanupOptions,
  now: Date,
  signal: AbortSignal,
): Promise<Cleaned | undefined> {
  const due = lastStroke(now, options.hour);
  if (!(await takeChore(options.db, CHORE, due))) return undefined;
  let done = false;
  try {
    const cleaned = {
      failed: await removeFailed(options, signal),
      orphans: await removeOrphans(options, signal),
    };
    done = true;
    options.log.info('media cleanup', { ...cleaned });
    return cleaned;
  } finally {
    await leaveChore(options.db, CHORE, done ? due : undefined);
  }
}

/** Items that failed long ago: the row goes and the job that removes its objects comes, together. */
async function removeFailed(
  { db, nudge, retentionMs }: CleanupOptions,
  signal: AbortSignal,
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
    await keepChore(db, CHORE);
  }
}

/** Objects without an item: the gateway died between storing and writing, or a worker stored after the deletion. */
async function removeOrphans(options: CleanupOptions, signal: AbortSignal): Promise<number> {
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
    await keepChore(db, CHORE);
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

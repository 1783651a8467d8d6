import type { JobStatus } from '@mediaworks/contracts';
import { errorFields, type Logger } from '@mediaworks/runtime';
import type { Executor } from './ledger.ts';
import type { Signals } from './signals.ts';
import { findEnded, findJobs, findVersions, type JobRow } from './views.ts';

interface Watcher {
  listener: (job: JobRow) => void;
  version: number;
  status: JobStatus | undefined;
  toldAt: number;
}

/** Changes that only move the progress are told at most twice a second. */
const THROTTLE_MS = 450;
const FLUSH_MS = 100;
/** How long after a change it is looked whether a job has ended: many children change in a row. */
const END_MS = 25;
/**
 * With more children than this, a job takes the database milliseconds to tell, and changes with each of them: it is read
 * no more often than it is told. One with fewer is read at each change, so that its end is told at once.
 */
const CROWD = 100;
/** And takes no more than such a part of the time: thousands of children are a while to count. */
const READING_SHARE = 0.2;
/** For signals that were missed: Redis was away, or the change was made in SQL. */
const POLL_MS = 2_000;

/**
 * Tells listeners how jobs stand, from the ledger, each time they change. One query serves all listeners of a process,
 * however many there are.
 */
export function startWatch(options: { db: Executor; signals: Signals; log: Logger }) {
  const { db, log } = options;
  const watchers = new Map<string, Set<Watcher>>();
  /** Those who wait for the end alone. */
  const waiters = new Map<string, Set<(job: JobRow) => void>>();
  const dirty = new Set<string>();
  /** Until when a job is not read, as performance.now() tells the time. */
  const resting = new Map<string, number>();
  let busy = false;

  const guarded = async (work: () => Promise<void>) => {
    if (busy) return;
    busy = true;
    try {
      await work();
    } catch (error) {
      log.warn('could not read the ledger for listeners', errorFields(error));
    } finally {
      busy = false;
    }
  };
  const flush = async () => {
    const start = performance.now();
    const ids = [...dirty].filter((id) => (resting.get(id) ?? 0) <= start);
    if (ids.length === 0) return;
    for (const id of ids) dirty.delete(id);
    const jobs = await findJobs(db, ids);
    const end = performance.now();
    for (const job of jobs) {
      const crowd = isCrowd(job);
      if (crowd && watchers.has(job.id))
        resting.set(job.id, end + Math.max(THROTTLE_MS, (end - start) / READING_SHARE));
      for (const watcher of watchers.get(job.id) ?? []) {
        if (job.version <= watcher.version) continue;
        const waits = !crowd && job.status === watcher.status && Date.now() - watcher.toldAt < THROTTLE_MS;
        if (waits) {
          dirty.add(job.id);
          continue;
        }
        Object.assign(watcher, { version: job.version, status: job.status, toldAt: Date.now() });
        watcher.listener(job);
      }
    }
  };
  const changed = new Set<string>();
  let looking: NodeJS.Timeout | undefined;
  /** To tell a job with its children takes milliseconds, to tell whether it has ended a fraction of one. */
  const lookForEnds = async () => {
    const ids = [...changed].filter((id) => waiters.has(id));
    changed.clear();
    if (ids.length === 0) return;
    const ended = await findEnded(db, ids);
    for (const job of ended.length > 0 ? await findJobs(db, ended) : []) {
      const set = waiters.get(job.id) ?? [];
      waiters.delete(job.id);
      for (const listener of set) listener(job);
    }
  };
  const lookSoon = () => {
    looking ??= setTimeout(() => {
      lookForEnds()
        .catch((error: unknown) =>
          log.warn('could not read the ledger for those who wait', errorFields(error)),
        )
        .finally(() => {
          looking = undefined;
          if (changed.size > 0) lookSoon();
        });
    }, END_MS);
  };
  const mayHaveEnded = (ids: Iterable<string>) => {
    for (const id of ids) if (waiters.has(id)) changed.add(id);
    if (changed.size > 0) lookSoon();
  };
  const poll = async () => {
    const versions = await findVersions(db, [...watchers.keys()]);
    for (const [id, version] of versions) {
      const behind = [...(watchers.get(id) ?? [])].some((watcher) => watcher.version < version);
      if (behind) dirty.add(id);
    }
  };
  const timers = [
    setInterval(() => dirty.size > 0 && void guarded(flush), FLUSH_MS),
    setInterval(() => watchers.size > 0 && void guarded(poll), POLL_MS),
    setInterval(() => mayHaveEnded(waiters.keys()), POLL_MS),
  ];
  const unlisten = options.signals.listen(({ changed: ids = [] }) => {
    for (const id of ids) if (watchers.has(id)) dirty.add(id);
    mayHaveEnded(ids);
  });

  return {
    /**
     * Calls `listener` with the job when it is past `version` (0: now, as it stands), and at every change after.
     * @returns a function that ends it
     */
    watch(id: string, version: number, listener: (job: JobRow) => void): () => void {
      const watcher: Watcher = { listener, version, status: undefined, toldAt: 0 };
      const set = watchers.get(id) ?? new Set();
      watchers.set(id, set.add(watcher));
      dirty.add(id);
      return () => {
        set.delete(watcher);
        if (set.size > 0) return;
        watchers.delete(id);
        resting.delete(id);
      };
    },
    /**
     * Calls `listener` once, when the job has ended with all its children: for whoever need not know how far it is.
     * @returns a function that ends the wait
     */
    whenEnded(id: string, listener: (job: JobRow) => void): () => void {
      const set = waiters.get(id) ?? new Set();
      waiters.set(id, set.add(listener));
      mayHaveEnded([id]);
      return () => {
        set.delete(listener);
        if (set.size === 0 && waiters.get(id) === set) waiters.delete(id);
      };
    },
    stop(): void {
      for (const timer of timers) clearInterval(timer);
      clearTimeout(looking);
      waiters.clear();
      changed.clear();
      unlisten();
    },
  };
}

function isCrowd({ children }: JobRow): boolean {
  let count = 0;
  for (const some of Object.values(children)) count += some;
  return count > CROWD;
}

export type Watch = ReturnType<typeof startWatch>;

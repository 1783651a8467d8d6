import { isTerminal, type JobStatus } from '@mediaworks/contracts';
import { errorFields, type Logger } from '@mediaworks/runtime';
import type { Executor } from './ledger.ts';
import type { Signals } from './signals.ts';
import { findJobs, findVersions, type JobRow } from './views.ts';

interface Watcher {
  listener: (job: JobRow) => void;
  version: number;
  status: JobStatus | undefined;
  toldAt: number;
}

/** Changes that only move the progress are told at most twice a second. */
const THROTTLE_MS = 450;
const FLUSH_MS = 100;
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
  ];
  const unlisten = options.signals.listen(({ changed = [] }) => {
    for (const id of changed) if (watchers.has(id)) dirty.add(id);
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
    /** Resolves with the job when it is terminal, or as it stands after `ms`. undefined when there is none. */
    waitFor(id: string, ms: number): Promise<JobRow | undefined> {
      return new Promise((resolve) => {
        let latest: JobRow | undefined;
        const finish = () => {
          clearTimeout(timer);
          unwatch();
          resolve(latest);
        };
        const timer = setTimeout(finish, ms);
        const unwatch = this.watch(id, 0, (job) => {
          latest = job;
          if (isTerminal(job.status)) finish();
        });
      });
    },
    stop(): void {
      for (const timer of timers) clearInterval(timer);
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

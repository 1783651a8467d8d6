import { setTimeout as wait } from 'node:timers/promises';

/** Keeps the whole process polite towards Storage, however many users it harvests at once. */
export interface Courtesy {
  /**
   * Waits for a place among the requests that are under way.
   * @returns a function that gives it back
   * @throws the signal's reason
   */
  enter(bucket: string, signal: AbortSignal): Promise<() => void>;
  /** Asks nothing of a bucket for so long, in ms: it said that it has too much to do. */
  pause(bucket: string, ms: number): void;
  /** Waits until so many bytes more are within the bandwidth. @throws the signal's reason */
  spend(bytes: number, signal: AbortSignal): Promise<void>;
}

export interface CourtesyLimits {
  /** Requests at a time, of all buckets. */
  total: number;
  perBucket: number;
  /** Undefined: no limit. */
  bytesPerSecond: number | undefined;
}

export function createCourtesy(limits: CourtesyLimits): Courtesy {
  const all = createPlaces(limits.total);
  const buckets = new Map<string, { places: Places; quietUntil: number }>();
  const bucketOf = (name: string) => {
    const known = buckets.get(name) ?? { places: createPlaces(limits.perBucket), quietUntil: 0 };
    buckets.set(name, known);
    return known;
  };
  let paidUntil = 0;

  return {
    enter: async (name, signal) => {
      const bucket = bucketOf(name);
      // The bucket's place first: whoever waits for a slow bucket must not hold a place of all.
      const leaveBucket = await bucket.places.take(signal);
      try {
        for (let rest = 0; (rest = bucket.quietUntil - Date.now()) > 0;)
          await wait(rest, undefined, { signal });
        const leaveAll = await all.take(signal);
        return () => {
          leaveAll();
          leaveBucket();
        };
      } catch (error) {
        leaveBucket();
        signal.throwIfAborted();
        throw error;
      }
    },
    pause: (name, ms) => {
      const bucket = bucketOf(name);
      bucket.quietUntil = Math.max(bucket.quietUntil, Date.now() + ms);
    },
    spend: async (bytes, signal) => {
      if (limits.bytesPerSecond === undefined) return;
      const from = Math.max(Date.now(), paidUntil);
      paidUntil = from + (bytes / limits.bytesPerSecond) * 1_000;
      if (from > Date.now()) await wait(from - Date.now(), undefined, { signal });
    },
  };
}

/** So many at a time, in the order of asking. */
export interface Places {
  take(signal: AbortSignal): Promise<() => void>;
}

export function createPlaces(count: number): Places {
  let free = count;
  const waiting = new Set<() => void>();
  const leave = () => {
    const [next] = waiting;
    if (!next) {
      free++;
      return;
    }
    waiting.delete(next);
    next();
  };
  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        const go = () => {
          signal.removeEventListener('abort', giveUp);
          resolve(once(leave));
        };
        const giveUp = () => {
          waiting.delete(go);
          reject(signal.reason as Error);
        };
        if (signal.aborted) giveUp();
        else if (free > 0) {
          free--;
          resolve(once(leave));
        } else {
          waiting.add(go);
          signal.addEventListener('abort', giveUp, { once: true });
        }
      }),
  };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

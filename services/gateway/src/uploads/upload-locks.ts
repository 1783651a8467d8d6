import { once } from 'node:events';
import type { Locker } from '@tus/server';
import { ApiError } from '../api-error.ts';

interface Held {
  /** Asks the request that holds the lock to come to an end. */
  giveUp: () => void | Promise<void>;
  released: Promise<void>;
}

/**
 * One request at a time works on an upload in this process: a client that comes back while its broken connection still
 * counts as open ends that, and finds what it stored. Between processes the database decides. The library's own locker
 * does the same, but spins while it waits.
 */
export function createUploadLocks(): Locker {
  const held = new Map<string, Held>();
  return {
    newLock: (id) => {
      let release: () => void = () => undefined;
      return {
        lock: async (signal, giveUp) => {
          for (let other = held.get(id); other; other = held.get(id)) {
            await other.giveUp();
            await Promise.race([other.released, once(signal, 'abort')]);
            if (signal.aborted) throw new ApiError(400, 'aborted', 'Another request took over');
          }
          const released = new Promise<void>((resolve) => {
            release = resolve;
          });
          held.set(id, { giveUp, released });
        },
        unlock: () => {
          held.delete(id);
          release();
          return Promise.resolve();
        },
      };
    },
  };
}

/** Lets so many compute at once. */
export interface Slots {
  /**
   * Takes a slot, in the order of asking.
   * @returns a function that gives it back (calling it again does nothing); undefined when none came free within `ms`
   */
  take(ms: number): Promise<(() => void) | undefined>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting = new Set<(release: () => void) => void>();

  const grant = (): (() => void) => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = waiting;
      if (!next) {
        free++;
        return;
      }
      waiting.delete(next);
      next(grant());
    };
  };
  return {
    take: (ms) => {
      if (free > 0) {
        free--;
        return Promise.resolve(grant());
      }
      return new Promise((resolve) => {
        const giveUp = setTimeout(() => {
          waiting.delete(next);
          resolve(undefined);
        }, ms);
        const next = (release: () => void) => {
          clearTimeout(giveUp);
          resolve(release);
        };
        waiting.add(next);
      });
    },
  };
}

import { setImmediate as othersTurn } from 'node:timers/promises';

/** Work that may pause wherever it yields. */
export type Pausing<T> = Generator<undefined, T, undefined>;

/** A claim is renewed, a cancellation heard and a health check answered within this time. */
const TURN_MS = 50;

/** Does all of it, and lets the rest of the process go on meanwhile. @throws the signal's reason */
export async function inTurns<T>(work: Pausing<T>, signal?: AbortSignal): Promise<T> {
  let began = performance.now();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() - began < TURN_MS) continue;
    await othersTurn();
    signal?.throwIfAborted();
    began = performance.now();
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import type { Child } from './child.ts';

export interface KeepOptions {
  name: string;
  launch: () => Promise<Child>;
  /** Resolves when the process can serve; the signal aborts when it has ended or takes too long. */
  ready: (child: Child, signal: AbortSignal) => Promise<void>;
  /** How long it may take to be ready, in ms; then it is started again. */
  readyTimeoutMs: number;
  /** How long it may take to end before it is killed, in ms. */
  graceMs: number;
  /** Starts that may fail before the first one is given up, at least 1. */
  startTries: number;
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
}

export interface Kept {
  /** The process id of the one that runs now. */
  pid(): number;
  /** Ends it and starts it no more. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

const BACKOFF_MS = { first: 250, most: 15_000 };
/** What ran for this long was healthy, and starts again at once when it crashes. */
const HEALTHY_MS = 30_000;

/**
 * Starts a process, waits until it is ready, and from then on starts it again whenever it ends by itself, after
 * 250 ms, 500 ms, ... 15 s.
 *
 * @throws Error with the last lines of its log when it can't be started; the signal's reason when that aborts
 */
export async function keepRunning(options: KeepOptions): Promise<Kept> {
  const stopping = new AbortController();
  let current: Child | undefined;
  let everReady = false;
  let firstReady: () => void = () => undefined;
  let cannotStart: (error: Error) => void = () => undefined;
  const started = new Promise<void>((resolve, reject) => {
    firstReady = resolve;
    cannotStart = reject;
  });

  /** One life of the process, from its start to its end; says how it ended. */
  const live = async (): Promise<{ ending: string; healthy: boolean; tail: string }> => {
    const startedAt = performance.now();
    const child = await options.launch();
    current = child;
    if (stopping.signal.aborted) await child.stop(options.graceMs);
    const over = new AbortController();
    const late = setTimeout(() => over.abort(), options.readyTimeoutMs);
    void child.ended.then(() => over.abort());
    await options.ready(child, over.signal).then(
      () => {
        everReady = true;
        firstReady();
      },
      async () => {
        if (!stopping.signal.aborted) await child.stop(options.graceMs);
      },
    );
    clearTimeout(late);
    const ending = await child.ended;
    return { ending, healthy: performance.now() - startedAt > HEALTHY_MS, tail: child.tail() };
  };

  const loop = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted;) {
      const { ending, healthy, tail } = await live();
      if (stopping.signal.aborted) return;
      failures = healthy ? 1 : failures + 1;
      if (!everReady && failures >= options.startTries) {
        throw new Error(`${options.name} could not be started (${ending}):\n${tail}`);
      }
      const pauseMs = Math.min(BACKOFF_MS.first * 2 ** (failures - 1), BACKOFF_MS.most);
      options.log(`ended by itself (${ending}); starting it again in ${pauseMs / 1_000} s`);
      await wait(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = loop().catch((error: unknown) => {
    cannotStart(error instanceof Error ? error : new Error(String(error)));
    // What can't even be launched any more is given up; its users notice, and the log says it.
    if (everReady) options.log(`given up: ${String(error)}`);
  });
  const stop = async () => {
    stopping.abort();
    await current?.stop(options.graceMs);
    await running;
  };

  const onAbort = () => cannotStart(options.signal?.reason as Error);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  try {
    await started;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
  return { pid: () => current?.pid ?? 0, stop };
}

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { PermanentError, TransientError } from '@mediaworks/contracts';
import type { PhotoFaces } from './face.ts';
import type { LaneAnswer, LaneOrder, LaneStart } from './lane-protocol.ts';

/** Threads that describe photos, each with the models of a set: as many photos at a time as there are threads. */
export interface Lanes {
  /**
   * Decodes and describes a photo on the next thread that is free.
   * @param path of a local file
   * @throws PermanentError as `decodeImage` does; TransientError `engine_failed` and others; the signal's reason, as soon
   * as it aborts
   */
  describe(path: string, options: LaneOptions): Promise<PhotoFaces>;
  close(): Promise<void>;
}

export interface LaneOptions {
  readonly signal: AbortSignal;
  readonly maxFaces?: number | undefined;
}

/** @throws Error when a thread does not start, as with models that cannot be opened */
export async function openLanes(count: number, start: LaneStart): Promise<Lanes> {
  const lanes: Lane[] = [];
  const idle: Lane[] = [];
  const waiting: ((lane: Lane) => void)[] = [];
  let closing = false;
  const free = (lane: Lane) => {
    const next = waiting.shift();
    if (next) next(lane);
    else idle.push(lane);
  };
  const add = async () => {
    const lane = await openLane(start);
    if (closing) return lane.close();
    lanes.push(lane);
    free(lane);
  };
  const opened = await Promise.allSettled(Array.from({ length: count }, add));
  const failed = opened.find((one) => one.status === 'rejected');
  const close = async () => {
    closing = true;
    await Promise.all(lanes.map((lane) => lane.close()));
  };
  if (failed) {
    await close();
    throw failed.reason;
  }

  const take = (signal: AbortSignal) =>
    new Promise<Lane>((resolve, reject) => {
      const lane = idle.pop();
      if (lane) {
        resolve(lane);
        return;
      }
      const get = (freed: Lane) => {
        signal.removeEventListener('abort', leave);
        resolve(freed);
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(get), 1);
        reject(signal.reason as Error);
      };
      waiting.push(get);
      signal.addEventListener('abort', leave, { once: true });
    });

  return {
    async describe(path, { signal, maxFaces }) {
      signal.throwIfAborted();
      const lane = await take(signal);
      const done = lane.describe(path, maxFaces);
      // Who no longer wants the answer need not wait for it; the thread is free when it has stopped.
      void done.then(
        () => free(lane),
        () => {
          if (lane.alive) {
            free(lane);
            return;
          }
          lanes.splice(lanes.indexOf(lane), 1);
          // Another takes its place; where that is impossible too, the next photo says so.
          void add().catch(() => free(lane));
        },
      );
      return untilAborted(done, signal, () => lane.stop());
    },
    close,
  };
}

interface Lane {
  readonly alive: boolean;
  describe(path: string, maxFaces: number | undefined): Promise<PhotoFaces>;
  /** Ends the photo that it works on, at its next step. */
  stop(): void;
  close(): Promise<void>;
}

/** How a thread runs these sources, compiled or, where this file is not, as they are. */
const program = import.meta.url.endsWith('.ts')
  ? {
      file: new URL('./lane-main.ts', import.meta.url),
      execArgv: ['--import', new URL('../../../../scripts/run-source.mjs', import.meta.url).href],
    }
  : { file: new URL('./lane-main.js', import.meta.url), execArgv: [] };

async function openLane(start: LaneStart): Promise<Lane> {
  const worker = new Worker(fileURLToPath(program.file), { workerData: start, execArgv: program.execArgv });
  let alive = true;
  let answer: (said: LaneAnswer) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const next = () =>
    new Promise<LaneAnswer>((resolve, reject) => {
      [answer, fail] = [resolve, reject];
      if (!alive) reject(gone());
    });
  const gone = (cause?: unknown) =>
    new TransientError('engine_failed', 'The face engine broke down', { cause });
  const ready = next();
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      alive = false;
      fail(gone());
      resolve();
    });
  });
  worker.on('message', (said: LaneAnswer) => answer(said));
  worker.on('error', (error) => {
    alive = false;
    fail(gone(error));
  });
  const order = (message: LaneOrder) => worker.postMessage(message);
  try {
    await ready;
  } catch (error) {
    throw error instanceof TransientError && error.cause instanceof Error ? error.cause : error;
  }
  // A thread that waits for work keeps no process alive.
  worker.unref();
  return {
    get alive() {
      return alive;
    },
    async describe(path, maxFaces) {
      const said = next();
      worker.ref();
      order({ kind: 'describe', path, maxFaces });
      try {
        const result = await said;
        if (result.kind === 'described') return result.photo;
        if (result.kind === 'refused') throw new PermanentError(result.code, result.message);
        if (result.kind === 'failed' && result.code !== 'engine_failed')
          throw new TransientError(result.code, result.message);
        throw new TransientError('engine_failed', 'The face engine could not describe the photo', {
          cause: result.kind === 'failed' ? new Error(result.message) : undefined,
        });
      } finally {
        worker.unref();
      }
    },
    stop: () => order({ kind: 'stop' }),
    async close() {
      worker.ref();
      order({ kind: 'stop' });
      order({ kind: 'close' });
      await ended;
    },
  };
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, stop: () => void): Promise<T> {
  let leave: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => {
      stop();
      reject(signal.reason as Error);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    if (leave) signal.removeEventListener('abort', leave);
  }
}

import { fileURLToPath } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';

export interface Thread<Order, Outcome> {
  /** False until it runs, and when it no longer does. */
  readonly ready: boolean;
  /** Resolves when it runs, or when it is certain that it will not. */
  readonly started: Promise<void>;
  /** Keeps the process alive until the answer is there: undefined when the thread has ended. */
  ask(order: Order): Promise<Outcome | undefined>;
}

interface Message<T> {
  readonly id: number;
  readonly content: T;
}

/** It holds names, and the bytes of small files for a moment. */
const HEAP = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

/** How a thread runs these sources, compiled or, where this file is not, as they are. */
const isSource = import.meta.url.endsWith('.ts');
const execArgv = isSource
  ? ['--import', new URL('../../../scripts/run-source.mjs', import.meta.url).href]
  : [];

/** @param name of the file beside this one that the thread runs, which calls `serve` */
export function startThread<Order, Outcome>(name: string, workerData?: unknown): Thread<Order, Outcome> {
  const file = new URL(`./${name}.${isSource ? 'ts' : 'js'}`, import.meta.url);
  const worker = new Worker(fileURLToPath(file), { execArgv, resourceLimits: HEAP, env: {}, workerData });
  const waiting = new Map<number, (outcome: Outcome | undefined) => void>();
  let ready = false;
  let last = 0;
  const end = () => {
    ready = false;
    for (const resolve of waiting.values()) resolve(undefined);
    waiting.clear();
  };
  const started = new Promise<void>((resolve) => {
    worker.once('online', () => {
      ready = true;
      resolve();
    });
    worker.once('exit', resolve);
  });
  worker.once('exit', end);
  worker.on('error', end);
  worker.on('message', ({ id, content }: Message<Outcome>) => {
    waiting.get(id)?.(content);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
  });
  worker.unref();
  return {
    get ready() {
      return ready;
    },
    started,
    ask: (order) =>
      new Promise((resolve) => {
        if (!ready) {
          resolve(undefined);
          return;
        }
        if (waiting.size === 0) worker.ref();
        waiting.set(++last, resolve);
        worker.postMessage({ id: last, content: order });
      }),
  };
}

/** Answers what the thread is asked, for as long as it runs. @param carryOut what `startThread` is told; never rejects */
export function serve(carryOut: (order: never) => unknown): void {
  parentPort?.on('message', ({ id, content: order }: Message<never>) => {
    void Promise.resolve(carryOut(order)).then((content) => parentPort?.postMessage({ id, content }));
  });
}

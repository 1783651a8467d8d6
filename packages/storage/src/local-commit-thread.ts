import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { groupCommit } from '@mediaworks/runtime';
import type { CommitOrder, CommitOutcome } from './local-commit-steps.ts';

export interface CommitThread {
  /** False until it runs, and when it no longer does. */
  readonly ready: boolean;
  /** Resolves when it runs, or when it is certain that it will not. */
  readonly started: Promise<void>;
  /** What is asked for while it is at work is done together afterwards. Never rejects. */
  commit(order: CommitOrder): Promise<CommitOutcome>;
}

/** Files at a time: the first of them waits for the last. */
const MOST_FILES = 32;
/** It holds names, and the bytes of small files for a moment. */
const HEAP = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

/** How a thread runs these sources, compiled or, where this file is not, as they are. */
const program = import.meta.url.endsWith('.ts')
  ? {
      file: new URL('./local-commit-main.ts', import.meta.url),
      execArgv: ['--import', new URL('../../../scripts/run-source.mjs', import.meta.url).href],
    }
  : { file: new URL('./local-commit-main.js', import.meta.url), execArgv: [] };

/**
 * A thread for the many short calls that make a file an object. Each by itself would wake a thread of Node's pool, which
 * costs several times the call.
 */
export function startCommitThread(): CommitThread {
  const worker = new Worker(fileURLToPath(program.file), {
    execArgv: program.execArgv,
    resourceLimits: HEAP,
    env: {},
  });
  let ready = false;
  let settle: (outcomes: CommitOutcome[] | undefined) => void = () => undefined;
  const end = () => {
    ready = false;
    settle(undefined);
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
  worker.on('message', (outcomes: CommitOutcome[]) => settle(outcomes));
  worker.unref();
  const commit = groupCommit(
    async (orders: CommitOrder[]): Promise<CommitOutcome[]> => {
      // A thread that waits for work keeps no process alive.
      worker.ref();
      const outcomes = await new Promise<CommitOutcome[] | undefined>((resolve) => {
        settle = resolve;
        if (ready) worker.postMessage(orders);
        else resolve(undefined);
      });
      worker.unref();
      return outcomes ?? orders.map(() => ({ failed: 'ECANCELED' }));
    },
    { max: MOST_FILES },
  );
  return {
    get ready() {
      return ready;
    },
    started,
    commit,
  };
}

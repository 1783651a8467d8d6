import { groupCommit } from '@mediaworks/runtime';
import type { CommitOrder, CommitOutcome } from './local-commit-steps.ts';
import { startThread, type Thread } from './local-thread.ts';

export interface CommitThread extends Pick<Thread<never, never>, 'ready' | 'started'> {
  /** What is asked for while it is at work is done together afterwards. Never rejects. */
  commit(order: CommitOrder): Promise<CommitOutcome>;
}

/** Files at a time: the first of them waits for the last. */
const MOST_FILES = 32;

/**
 * A thread for the many short calls that make a file an object. Each by itself would wake a thread of Node's pool, which
 * costs several times the call.
 */
export function startCommitThread(): CommitThread {
  const thread = startThread<CommitOrder[], CommitOutcome[]>('local-commit-main');
  const commit = groupCommit(
    async (orders: CommitOrder[]): Promise<CommitOutcome[]> =>
      (await thread.ask(orders)) ?? orders.map(() => ({ failed: 'ECANCELED' })),
    { max: MOST_FILES },
  );
  return {
    get ready() {
      return thread.ready;
    },
    started: thread.started,
    commit,
  };
}

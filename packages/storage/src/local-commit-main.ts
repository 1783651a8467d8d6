import { commitFiles, type CommitOrder } from './local-commit-steps.ts';
import { serve } from './local-thread.ts';

/** The thread of `startCommitThread`: its calls on the disk wait, and nobody waits with it. */
serve((orders: CommitOrder[]) => commitFiles(orders));

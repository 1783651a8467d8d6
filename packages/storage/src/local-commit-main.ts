import { parentPort } from 'node:worker_threads';
import { commitFiles, type CommitOrder } from './local-commit-steps.ts';

/** The thread of `startCommitThread`: its calls on the disk wait, and nobody waits with it. */
parentPort?.on('message', (orders: CommitOrder[]) => parentPort?.postMessage(commitFiles(orders)));

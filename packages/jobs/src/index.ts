export * from './context.ts';
export * from './dispatcher.ts';
export { acceptingJobs, insertFamily, insertJobs, type JobOrigin, type NewJob, newJob } from './enqueue.ts';
export type { Executor } from './ledger.ts';
export { purge } from './purge.ts';
export * from './run-worker.ts';
export * from './views.ts';
export { listWorkers, type WorkerRow } from './worker-registry.ts';

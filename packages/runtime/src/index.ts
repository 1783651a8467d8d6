export * from './batch.ts';
export * from './env.ts';
export * from './exec.ts';
export * from './log.ts';
export * from './shutdown.ts';
export * from './temp-dir.ts';

import type { Logger } from './log.ts';
import { errorFields } from './log.ts';

/**
 * Runs `stop` once on SIGTERM or SIGINT and exits 0 when it is done, 1 when it fails or takes longer than `graceMs`.
 * A second signal exits at once.
 */
export function onShutdown(
  log: Logger,
  graceMs: number,
  stop: (signal: NodeJS.Signals) => Promise<void>,
): void {
  let stopping = false;
  const handle = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(130);
    stopping = true;
    log.info('stopping', { signal });
    setTimeout(() => {
      log.error('did not stop in time', { grace_ms: graceMs });
      process.exit(1);
    }, graceMs + 2_000).unref();
    stop(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('failed to stop cleanly', errorFields(error));
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}

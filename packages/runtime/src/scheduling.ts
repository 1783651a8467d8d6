import { execFileSync } from 'node:child_process';
import { findOnPath } from './exec.ts';

/**
 * Schedules this process and all that it starts from now on as a batch (SCHED_BATCH, sched(7)): what wakes up takes its
 * turn, where else it would stop what runs at once. For threads that hand strips of a picture to each other hundreds of
 * times: a quarter of the time in the kernel was this. Needs no privilege. Returns whether it could: only where the
 * system has chrt (Linux).
 */
export function scheduleAsBatch(): boolean {
  const chrt = findOnPath('chrt');
  if (chrt === undefined) return false;
  try {
    execFileSync(chrt, ['-a', '-b', '-p', '0', String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    // A sandbox may forbid it; everything works without.
    return false;
  }
}

import { randomUUID } from 'node:crypto';
import type { DiscoverInput } from '@mediaworks/contracts';
import { insertJobs, type JobOrigin, newJob } from '@mediaworks/jobs';
import { type AuditEntry, writeAudit } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import { claimKey } from '../idempotency.ts';
import { findOpenRun, findRun, insertRun, lockRuns, type RunRow } from './queries.ts';

export interface RunWish {
  ownerId: number;
  manner: Omit<DiscoverInput, 'run_id'>;
  origin: Omit<JobOrigin, 'ownerId'>;
  audit: Omit<AuditEntry, 'subject'>;
  idempotency: { key: string; fingerprint: string } | undefined;
}

/** The run that is under way, which must end before another can begin. */
class AlreadyRunning extends Error {
  constructor(readonly run: RunRow) {
    super('a run is under way');
  }
}

/**
 * Writes the run, its job, outbox row, idempotency key and audit entry, unless a run is under way: all or nothing.
 * @returns the run that was started, by this request or by an earlier one with the same key, or the one under way
 */
export async function startRun(
  { db, dispatcher }: Pick<GatewayDeps, 'db' | 'dispatcher'>,
  wish: RunWish,
): Promise<{ run: Pick<RunRow, 'id' | 'job_id'>; started: true } | { run: RunRow; started: false }> {
  const { ownerId, manner, origin, audit, idempotency } = wish;
  const id = randomUUID();
  try {
    const replayOf = await db.transaction().execute(async (tx) => {
      await lockRuns(tx);
      if (idempotency) {
        const first = await claimKey(tx, { ...idempotency, ownerId, resourceId: id });
        if (first !== undefined) return first;
      }
      const open = await findOpenRun(tx);
      // Thrown, so that the key is not taken by what was not done.
      if (open) throw new AlreadyRunning(open);
      const job = newJob('harvest.discover', { run_id: id, ...manner }, { ...origin, ownerId });
      await insertJobs(tx, [job]);
      await insertRun(tx, { id, owner_id: ownerId, job_id: job.id });
      await writeAudit(tx, [{ ...audit, subject: id }]);
      return undefined;
    });
    dispatcher.nudge();
    const run = await findRun(db, replayOf ?? id);
    if (!run) throw new Error('a run got lost');
    return { run, started: true };
  } catch (error) {
    if (error instanceof AlreadyRunning) return { run: error.run, started: false };
    throw error;
  }
}

import { isTerminal } from '@mediaworks/contracts';
import { insertJobs, newJob } from '@mediaworks/jobs';
import type { Request } from 'express';
import type { GatewayDeps } from '../deps.ts';
import { contextOf } from '../request-context.ts';
import type { BatchRow } from './batch-queries.ts';
import { findUnknowns, setGroupingJob } from './unknown-queries.ts';

/**
 * The job that groups the unknown faces of a batch as they are now: one that did or is at it, or else a new one.
 * @returns its id; undefined when nobody is unknown
 */
export async function askForGroups(
  { db, dispatcher }: Pick<GatewayDeps, 'db' | 'dispatcher'>,
  req: Request,
  batch: Pick<BatchRow, 'id' | 'owner_id'>,
): Promise<string | undefined> {
  const unknowns = await findUnknowns(db, batch.id);
  if (!unknowns || unknowns.count === 0) return undefined;
  const { basis, job_id, job_status, job_basis } = unknowns;
  const usable = job_status === 'completed' || (job_status !== null && !isTerminal(job_status));
  if (job_id !== null && usable && job_basis === basis) return job_id;
  const { id: requestId, traceparent } = contextOf(req);
  const input = { batch_id: batch.id, basis };
  const job = newJob('photos.group', input, { ownerId: batch.owner_id, requestId, traceparent });
  await db.transaction().execute(async (tx) => {
    await insertJobs(tx, [job]);
    await setGroupingJob(tx, batch.id, job.id);
  });
  dispatcher.nudge();
  return job.id;
}

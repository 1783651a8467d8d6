import { randomUUID } from 'node:crypto';
import type { TiktokIngestInput } from '@mediaworks/contracts';
import { insertJobs, newJob } from '@mediaworks/jobs';
import type { Request } from 'express';
import { auditEntry, writeAudit } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import { claimKey, fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import { contextOf, principalOf } from '../request-context.ts';
import { findOpenRun, lockStudent } from './queries.ts';

/** What a client asks for; without a seed, chance gives one, which every try of the run then follows. */
export type RunWish = Omit<TiktokIngestInput, 'seed'> & { seed: string | undefined };

/**
 * Begins a run, or joins the one that is under way for the student: of any number of requests at once, one begins it.
 * @returns the job's id
 * @throws ApiError 409 when the Idempotency-Key stands for another request
 */
export async function beginRun(
  { db, dispatcher }: Pick<GatewayDeps, 'db' | 'dispatcher'>,
  req: Request,
  { seed, ...wish }: RunWish,
): Promise<string> {
  const { userId } = principalOf(req);
  const { id: requestId, traceparent } = contextOf(req);
  const key = idempotencyKeyOf(req);
  const origin = { ownerId: userId, requestId, traceparent };
  const id = await db.transaction().execute(async (tx) => {
    await lockStudent(tx, wish.student_id);
    const job = newJob('tiktok.ingest', { ...wish, seed: seed ?? randomUUID() }, origin);
    const open = await findOpenRun(tx, wish.student_id);
    if (key !== undefined) {
      const essence = {
        method: req.method,
        path: req.path,
        fields: { ...wish, seed: seed ?? null },
        files: [],
      };
      const claim = { ownerId: userId, key, fingerprint: fingerprintOf(essence), resourceId: open ?? job.id };
      const first = await claimKey(tx, claim);
      if (first !== undefined) return first;
    }
    if (open !== undefined) return open;
    await insertJobs(tx, [job]);
    await writeAudit(tx, [auditEntry(req, 'tiktok.download', wish.student_id, { username: wish.username })]);
    return job.id;
  });
  dispatcher.nudge();
  return id;
}

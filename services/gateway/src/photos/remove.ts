import { insertJobs, newJob } from '@mediaworks/jobs';
import { errorFields } from '@mediaworks/runtime';
import type { Request } from 'express';
import { auditEntry, writeAudit } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import { contextOf, viewerOf } from '../request-context.ts';
import { removeAll } from '../staging/remove-all.ts';
import { deleteBatch } from './batch-queries.ts';
import { erasePerson } from './person-queries.ts';

type Deps = Pick<GatewayDeps, 'db' | 'dispatcher' | 'store' | 'log'>;

/**
 * Removes a batch that the caller may see, with its jobs and every photo of it.
 * @returns whether there was one
 */
export async function removeBatch(deps: Deps, req: Request, id: string): Promise<boolean> {
  const { id: requestId, traceparent } = contextOf(req);
  const removed = await deps.db.transaction().execute(async (tx) => {
    const batch = await deleteBatch(tx, id, viewerOf(req));
    if (!batch) return undefined;
    const origin = { ownerId: batch.owner_id, requestId, traceparent };
    await insertJobs(tx, [newJob('photos.purge', { keys: batch.keys, prefixes: [] }, origin)]);
    await writeAudit(tx, [auditEntry(req, 'photos.delete', id)]);
    return batch;
  });
  if (!removed) return false;
  if (removed.job_id !== null) {
    // The batch is gone, whatever becomes of its jobs: one that still runs finds nowhere to write.
    await deps.dispatcher
      .cancel(removed.job_id, 'The batch was deleted')
      .catch((error: unknown) => deps.log.warn('the jobs of a deleted batch go on', errorFields(error)));
  }
  await removeNow(deps, removed.keys);
  return true;
}

/** Erases a person and everything that is kept of its face. */
export async function removePerson(
  deps: Deps,
  req: Request,
  person: { id: string; owner_id: number },
): Promise<void> {
  const { id: requestId, traceparent } = contextOf(req);
  const keys = await deps.db.transaction().execute(async (tx) => {
    const photos = await erasePerson(tx, person);
    const origin = { ownerId: person.owner_id, requestId, traceparent };
    await insertJobs(tx, [newJob('photos.purge', { keys: photos, prefixes: [] }, origin)]);
    await writeAudit(tx, [auditEntry(req, 'person.erase', person.id)]);
    return photos;
  });
  await removeNow(deps, keys);
}

/** What can't be removed now, the job removes. */
export async function removeNow(deps: Deps, keys: readonly string[]): Promise<void> {
  const left = await removeAll(deps.store, keys);
  if (left > 0) deps.log.warn('photos wait for the job that removes them', { left });
  deps.dispatcher.nudge();
}

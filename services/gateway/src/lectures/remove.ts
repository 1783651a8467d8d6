import { lectureStages } from '@mediaworks/contracts';
import { insertJobs, newJob } from '@mediaworks/jobs';
import { errorFields } from '@mediaworks/runtime';
import type { Request } from 'express';
import { auditEntry, writeAudit } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import { contextOf, viewerOf } from '../request-context.ts';
import { removeAll } from '../staging/remove-all.ts';
import { outputKeys } from './object-keys.ts';
import { deleteLecture, type RemovedLecture } from './queries.ts';

/**
 * Removes a lecture that the caller may see, with its job and every object of it.
 * @returns undefined when there is no such lecture
 */
export async function removeLecture(
  { db, dispatcher, store, log }: Pick<GatewayDeps, 'db' | 'dispatcher' | 'store' | 'log'>,
  req: Request,
  id: string,
): Promise<RemovedLecture | undefined> {
  const { id: requestId, traceparent } = contextOf(req);
  const removed = await db.transaction().execute(async (tx) => {
    const lecture = await deleteLecture(tx, id, viewerOf(req));
    if (!lecture) return undefined;
    const origin = { ownerId: lecture.owner_id, requestId, traceparent };
    await insertJobs(tx, [newJob('lecture.purge', objectsOf(lecture), origin)]);
    await writeAudit(tx, [auditEntry(req, 'lecture.delete', id)]);
    return lecture;
  });
  if (!removed) return undefined;
  // The lecture is gone, whatever becomes of its job: what that still makes nobody can open, and the night removes it.
  await dispatcher
    .cancel(removed.job_id, 'The lecture was deleted')
    .catch((error: unknown) => log.warn('the job of a deleted lecture goes on', errorFields(error)));
  // A signed address asks no row. Its object goes now; what can't be removed now, the job removes.
  const left = await removeAll(store, objectsOf(removed).keys);
  if (left > 0) log.warn('objects of a deleted lecture wait for their job', { id, left });
  dispatcher.nudge();
  return removed;
}

/** What is there, or may be. */
function objectsOf(lecture: RemovedLecture): { keys: string[]; prefixes: string[] } {
  const video = lecture.shared ? [] : [lecture.video_key];
  const captions = lecture.subtitle_key === null ? [] : [lecture.subtitle_key];
  return { keys: [...video, ...captions, ...outputKeys(lecture.id)], prefixes: [lectureStages(lecture.id)] };
}

import { DEFAULT_THRESHOLD } from '@mediaworks/contracts';
import { insertFamily, type JobOrigin, newJob } from '@mediaworks/jobs';
import { errorFields } from '@mediaworks/runtime';
import { type AuditEntry, writeAudit } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import { claimKey } from '../idempotency.ts';
import { insertBatch, knownPhotos, takeBatchId } from './batch-queries.ts';
import type { ReceivedPhoto } from './receive-photos.ts';

/** A batch that is to be looked at, its photos in the store. */
export interface Submission {
  ownerId: number;
  /** The host that the request was for. */
  domain: string;
  /** Percent. */
  threshold: number | undefined;
  photos: readonly ReceivedPhoto[];
  origin: Omit<JobOrigin, 'ownerId'>;
  audit: Omit<AuditEntry, 'subject'>;
  idempotency: { key: string; fingerprint: string } | undefined;
}

/** Makes batches: a job each, and below it a job for every photo that is worth looking at. */
export function createPhotoIntake({
  db,
  dispatcher,
  store,
  log,
}: Pick<GatewayDeps, 'db' | 'dispatcher' | 'store' | 'log'>) {
  /** Nothing may stay in the store that no batch will ever name. */
  const takeBack = async (photos: readonly ReceivedPhoto[]): Promise<void> => {
    try {
      // A transaction that broke at its very end may have been written all the same.
      const ids = photos.map(({ id }) => id);
      const known = await knownPhotos(db, 'photos', ids);
      for (const photo of photos) {
        if ('key' in photo && !known.has(photo.id)) await store.remove(photo.key);
      }
    } catch (error) {
      log.warn('photos stay behind until the nightly cleanup', errorFields(error));
    }
  };

  const write = async (given: Submission): Promise<{ id: string } | { replayOf: string }> => {
    const id = await takeBatchId(db);
    return db.transaction().execute(async (tx) => {
      const { ownerId, idempotency, domain, threshold = DEFAULT_THRESHOLD } = given;
      if (idempotency) {
        const first = await claimKey(tx, { ...idempotency, ownerId, resourceId: id });
        if (first !== undefined) return { replayOf: first };
      }
      const origin = { ...given.origin, ownerId };
      const batchJob = newJob('photos.batch', { batch_id: id }, origin);
      const looked = given.photos.map((photo) => {
        const { id: photo_id, filename, receivedAt: received_at } = photo;
        const common = { id: photo_id, filename, received_at };
        if ('refusal' in photo) {
          const row = { ...common, object_key: null, job_id: null, refusal: photo.refusal };
          return { row, job: undefined };
        }
        const job = newJob(
          'photos.recognise',
          { photo_id, object_key: photo.key },
          { ...origin, parent: { id: batchJob.id, run: 1, key: photo_id } },
        );
        return { row: { ...common, object_key: photo.key, job_id: job.id, refusal: null }, job };
      });
      const jobs = looked.flatMap(({ job }) => job ?? []);
      if (jobs.length > 0) await insertFamily(tx, batchJob, jobs);
      const job_id = jobs.length > 0 ? batchJob.id : null;
      await insertBatch(
        tx,
        { id, owner_id: ownerId, job_id, domain, threshold },
        looked.map(({ row }) => row),
      );
      await writeAudit(tx, [{ ...given.audit, subject: id, details: { photos: given.photos.length } }]);
      return { id };
    });
  };

  return {
    takeBack,
    /**
     * @returns the batch's id, or that of the one that an earlier request with the same Idempotency-Key had made
     * @throws ApiError 409
     */
    submit: async (given: Submission): Promise<string> => {
      let submitted;
      try {
        submitted = await write(given);
      } catch (error) {
        await takeBack(given.photos);
        throw error;
      }
      dispatcher.nudge();
      if ('id' in submitted) return submitted.id;
      await takeBack(given.photos);
      return submitted.replayOf;
    },
  };
}

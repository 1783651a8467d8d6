import type { LectureLayout } from '@mediaworks/contracts';
import { insertJobs, type JobOrigin, newJob } from '@mediaworks/jobs';
import { errorFields } from '@mediaworks/runtime';
import { type AuditEntry, writeAudit } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import { claimKey } from '../idempotency.ts';
import { lockOpen, settle } from '../staging/queries.ts';
import {
  findLecture,
  findSameVideo,
  insertLecture,
  lockVideo,
  type NewLecture,
  neededObjects,
} from './queries.ts';
import type { StoredVideo } from './store-video.ts';

/** A lecture that is to be made: of a video in the store, or of one that is to be fetched. */
export interface Submission {
  id: string;
  ownerId: number;
  layout: LectureLayout;
  video: StoredVideo | { filename: string; key: string; sourceUrl: string };
  subtitleKey: string | undefined;
  origin: Omit<JobOrigin, 'ownerId'>;
  audit: AuditEntry;
  /** Without an Idempotency-Key every upload is a new one. */
  idempotency: { key: string; fingerprint: string } | undefined;
  /** The upload in pieces that it is made of. */
  stagedId?: string;
}

export type Submitted = Pick<NewLecture, 'id' | 'video_key' | 'job_id'>;

/** The way in for every lecture, however it was brought. */
export function createLectureIntake(deps: Pick<GatewayDeps, 'db' | 'dispatcher' | 'store' | 'log' | 'env'>) {
  const { db, dispatcher, store, log, env } = deps;

  /** Nothing may stay in the store that no lecture will ever name. */
  const takeBack = async (id: string, keys: readonly (string | undefined)[]): Promise<void> => {
    for (const key of keys) {
      if (key === undefined) continue;
      try {
        // A transaction that broke at its very end may have been written all the same.
        if ((await neededObjects(db, [{ key, lecture: id }])).size === 0) await store.remove(key);
      } catch (error) {
        log.warn('an upload stays behind until the nightly cleanup', { key, ...errorFields(error) });
      }
    }
  };

  /** The same bytes of the same owner lie in the store once. */
  const sameVideo = async ({ video, ownerId }: Submission): Promise<string | undefined> => {
    if (!('sha256' in video)) return undefined;
    const key = await findSameVideo(db, { ownerId, checksum: video.sha256, size: video.size });
    if (key === undefined || key === video.key) return undefined;
    const head = await store.head(key);
    return head?.sha256 === video.sha256 ? key : undefined;
  };

  /** Writes the lecture, its job, outbox row, idempotency key and audit entry: all or nothing. */
  const write = async (given: Submission): Promise<Submitted | { replayOf: string }> => {
    const same = await sameVideo(given);
    return db.transaction().execute(async (tx) => {
      const { id, ownerId, video, idempotency, stagedId } = given;
      if (stagedId !== undefined && !(await lockOpen(tx, stagedId))) return { replayOf: id };
      if (idempotency) {
        const first = await claimKey(tx, { ...idempotency, ownerId, resourceId: id });
        if (first !== undefined) {
          if (stagedId !== undefined) await settle(tx, stagedId, { lectureId: first });
          return { replayOf: first };
        }
      }
      const shared = same !== undefined && (await lockVideo(tx, ownerId, same)) ? same : undefined;
      const lecture = {
        id,
        owner_id: ownerId,
        filename: video.filename,
        video_key: shared ?? video.key,
        file_size: 'size' in video ? video.size : null,
        checksum: 'sha256' in video ? video.sha256 : null,
        source_url: 'sourceUrl' in video ? video.sourceUrl : null,
        subtitle_key: given.subtitleKey ?? null,
        layout: given.layout,
      };
      const { filename, video_key, source_url, subtitle_key, layout } = lecture;
      const about = { filename, video_key, source_url, subtitle_key, layout };
      const uploaded_at = new Date().toISOString();
      const input = { lecture_id: id, ...about, max_bytes: env.MAX_LECTURE_BYTES, uploaded_at };
      const job = newJob('lecture.convert', input, { ...given.origin, ownerId });
      await insertJobs(tx, [job]);
      await insertLecture(tx, { ...lecture, job_id: job.id });
      await writeAudit(tx, [{ ...given.audit, subject: id }]);
      if (stagedId !== undefined) await settle(tx, stagedId, { lectureId: id });
      return { id, video_key, job_id: job.id };
    });
  };

  return {
    takeBack,
    /**
     * @returns the lecture, or the one that an earlier request with the same Idempotency-Key had made; undefined when
     *   that one is gone by now
     * @throws ApiError 409
     */
    submit: async (given: Submission): Promise<Submitted | undefined> => {
      const stored = [given.video.key, given.subtitleKey];
      let submitted;
      try {
        submitted = await write(given);
      } catch (error) {
        await takeBack(given.id, stored);
        throw error;
      }
      dispatcher.nudge();
      if ('replayOf' in submitted) {
        await takeBack(given.id, stored);
        return findLecture(db, submitted.replayOf, given.ownerId);
      }
      if (submitted.video_key !== given.video.key) {
        await store.remove(given.video.key).catch((error: unknown) => {
          log.warn('a video lies in the store twice', { key: given.video.key, ...errorFields(error) });
        });
      }
      return submitted;
    },
  };
}

export type LectureIntake = ReturnType<typeof createLectureIntake>;

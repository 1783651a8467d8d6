import { lectureFields } from '@mediaworks/contracts';
import type { JobOrigin } from '@mediaworks/jobs';
import { ZodError } from 'zod';
import { ApiError, toApiError } from '../api-error.ts';
import type { AuditEntry } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import type { LectureIntake } from '../lectures/intake.ts';
import { storeVideo } from '../lectures/store-video.ts';
import type { MediaIntake } from '../media/intake.ts';
import { storeFile } from '../media/upload.ts';
import { settle, type StagedUpload } from '../staging/queries.ts';
import type { Finish, Staging } from '../staging/staging.ts';

/** Who had an upload finished. */
export interface FinishedBy {
  origin: Omit<JobOrigin, 'ownerId'>;
  actorId: number | null;
}

/** Makes a lecture or an item of an upload by tus, once. */
export function createFinisher(
  deps: Pick<GatewayDeps, 'db' | 'store' | 'env'>,
  staging: Staging,
  intakes: { lectures: LectureIntake; media: MediaIntake },
) {
  const { db, store, env } = deps;

  const auditOf = (by: FinishedBy, action: string): AuditEntry => ({
    actor_id: by.actorId,
    action,
    subject: '',
    request_id: by.origin.requestId ?? '',
    details: { by: 'tus' },
  });

  const intoLecture =
    (by: FinishedBy): Finish =>
    async ({ id, owner_id: ownerId, metadata }, body) => {
      const { layout } = lectureFields.parse(metadata);
      const name = nameOf(metadata, 'video.mp4');
      const video = await storeVideo(store, { id, name, body, maxBytes: env.MAX_LECTURE_BYTES });
      const audit = auditOf(by, 'lecture.upload');
      const given = { id, ownerId, layout, video, subtitleKey: undefined };
      await intakes.lectures.submit({
        ...given,
        origin: by.origin,
        audit,
        idempotency: undefined,
        stagedId: id,
      });
    };

  const intoItem =
    (by: FinishedBy): Finish =>
    async ({ id, owner_id: ownerId, metadata }, body) => {
      const file = await storeFile(body, nameOf(metadata, 'file'), intakes.media.target(ownerId));
      const audit = auditOf(by, 'media.upload');
      // With a space no client can have sent it; a second try finds what the first has made.
      const idempotency = { key: `tus ${id}`, fingerprint: id };
      const accepted = await intakes.media.submit(file, metadata, {
        ownerId,
        origin: by.origin,
        audit,
        idempotency,
      });
      await settle(db, id, { mediaId: 'item' in accepted ? accepted.item.id : accepted.replayOf });
    };

  return (upload: Pick<StagedUpload, 'id' | 'service'>, by: FinishedBy): Promise<StagedUpload> => {
    const into = upload.service === 'media' ? intoItem(by) : intoLecture(by);
    return staging.finish(upload.id, (whole, body) => into(whole, body).catch(asRefusal));
  };
}

/** tus-js-client and Uppy call it differently. */
const nameOf = (metadata: Record<string, string>, otherwise: string): string =>
  metadata['filename'] ?? metadata['name'] ?? otherwise;

function asRefusal(error: unknown): never {
  throw error instanceof ZodError || error instanceof ApiError ? toApiError(error) : error;
}

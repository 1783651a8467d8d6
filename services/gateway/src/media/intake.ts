import { mediaUploadFields } from '@mediaworks/contracts';
import type { JobOrigin } from '@mediaworks/jobs';
import { errorFields } from '@mediaworks/runtime';
import type { AuditEntry } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import { fingerprintOf } from '../idempotency.ts';
import { type Accepted, createAcceptance } from './accept.ts';
import { knownTokens } from './queries.ts';
import type { StoredFile, UploadTarget } from './upload.ts';

export interface MediaOrigin {
  ownerId: number;
  origin: Omit<JobOrigin, 'ownerId'>;
  audit: Omit<AuditEntry, 'subject'>;
  /** The key, and what it stands for where that is not the file and its fields. */
  idempotency: { key: string; fingerprint?: string } | undefined;
}

/** The way in for every item, however its file was brought. */
export function createMediaIntake(deps: Pick<GatewayDeps, 'db' | 'dispatcher' | 'store' | 'log' | 'env'>) {
  const { db, dispatcher, store, log, env } = deps;
  const accept = createAcceptance(db, () => dispatcher.nudge());
  const limits = { image: env.MAX_IMAGE_BYTES, video: env.MAX_VIDEO_BYTES, audio: env.MAX_AUDIO_BYTES };

  /** Nothing may stay in the store that no item will ever name. */
  const takeBack = async ({ key, token }: StoredFile): Promise<void> => {
    try {
      // A transaction that broke at its very end may have been written all the same.
      if ((await knownTokens(db, [token])).size === 0) await store.remove(key);
    } catch (error) {
      log.warn('an upload stays behind until the nightly cleanup', { key, ...errorFields(error) });
    }
  };

  return {
    target: (ownerId: number): UploadTarget => ({ store, ownerId, limits }),
    /**
     * Makes an item of a file in the store, or takes the file back out.
     * @param given the fields that came with it, not checked yet
     * @throws ZodError, ApiError 409
     */
    submit: async (file: StoredFile, given: unknown, by: MediaOrigin): Promise<Accepted> => {
      let accepted;
      try {
        const fields = mediaUploadFields.parse(given);
        const essence = { method: 'POST', path: '/api/media/upload', fields, files: [file.sha256] };
        accepted = await accept({
          item: {
            owner_id: by.ownerId,
            file_type: file.kind,
            mime_type: file.mime,
            filename: file.filename,
            original_key: file.key,
            token: file.token,
            file_size: file.size,
            checksum: file.sha256,
            profile: fields.profile,
            is_public: fields.is_public,
          },
          origin: by.origin,
          audit: { ...by.audit, details: { file_type: file.kind, file_size: file.size } },
          idempotency: by.idempotency && { fingerprint: fingerprintOf(essence), ...by.idempotency },
        });
      } catch (error) {
        await takeBack(file);
        throw error;
      }
      if ('replayOf' in accepted) await takeBack(file);
      return accepted;
    },
  };
}

export type MediaIntake = ReturnType<typeof createMediaIntake>;

import { foundFace } from '@mediaworks/contracts';
import { insertJobs, newJob } from '@mediaworks/jobs';
import type { Request, Response } from 'express';
import { ApiError } from '../api-error.ts';
import { auditEntry, writeAudit } from '../audit.ts';
import type { Answer } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { claimKey, fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import { waitAsPreferred } from '../jobs/wait-for-job.ts';
import { contextOf } from '../request-context.ts';
import { removeAll } from '../staging/remove-all.ts';
import { jobLocation, stillWorkingAnswer } from './await-job.ts';
import { refusalOf } from './job-outcome.ts';
import { personPhotoKey } from './object-keys.ts';
import {
  countPhotos,
  deleteRefusedPhoto,
  findPersonPhoto,
  insertPersonPhoto,
  lockPerson,
  type PersonRow,
} from './person-queries.ts';
import { receiveEach } from './receive-photos.ts';
import type { StoredPhoto } from './store-photo.ts';

/** More of one person make matching no better. */
const MAX_PERSON_PHOTOS = 100;

const gone = () => new ApiError(404, 'not_found', 'There is no such person');

/**
 * Takes a photo of a person, and waits for its face to be found.
 * @param face which one of several, the most prominent being 0
 * @throws ApiError 400 | 404 | 409 | 413 | 415 | 422
 */
export async function enrol(
  deps: GatewayDeps,
  req: Request,
  res: Response,
  person: PersonRow,
  face: number | null,
): Promise<Answer> {
  const { store, env } = deps;
  // What is an administrator's to do is done for the person's owner.
  const ownerId = person.owner_id;
  const keyOf = (id: string, filename: string) => personPhotoKey(ownerId, id, filename);
  const { photos } = await receiveEach(req, res, deps, ['photo'], keyOf);
  let photoId;
  try {
    photoId = await write(deps, req, { person, face, photo: photos.photo });
  } catch (error) {
    await removeAll(store, [photos.photo.key]);
    throw error;
  }
  deps.dispatcher.nudge();
  if (photoId !== photos.photo.id) await removeAll(store, [photos.photo.key]);

  const enrolment = await findPersonPhoto(deps.db, photoId);
  if (!enrolment?.job_id) {
    throw new ApiError(404, 'not_found', 'What the first request with this Idempotency-Key made is gone');
  }
  const ended = await waitAsPreferred(deps, req, res, {
    id: enrolment.job_id,
    defaultMs: env.PHOTO_WAIT,
  });
  if (!ended) return stillWorkingAnswer(env, enrolment.job_id, 'The face is still being looked for');
  if (ended.status !== 'completed') {
    const key = await deleteRefusedPhoto(deps.db, photoId);
    if (key !== undefined) await removeAll(store, [key]);
    throw refusalOf(ended);
  }
  const { box, landmarks, quality, score } = foundFace.parse(ended.result);
  return {
    status: 201,
    body: { id: photoId, person_id: enrolment.person_id, box, landmarks, quality, score },
    headers: { Location: jobLocation(env, ended.id) },
  };
}

/** Writes the photo and its job. @returns its id, or that of the first with the same Idempotency-Key */
async function write(
  { db }: GatewayDeps,
  req: Request,
  { person, face, photo }: { person: PersonRow; face: number | null; photo: StoredPhoto },
): Promise<string> {
  const { id: requestId, traceparent } = contextOf(req);
  const key = idempotencyKeyOf(req);
  const ownerId = person.owner_id;
  const input = { photo_id: photo.id, object_key: photo.key, face };
  const job = newJob('faces.enrol', input, { ownerId, requestId, traceparent });
  return db.transaction().execute(async (tx) => {
    if (key !== undefined) {
      const essence = { method: 'POST', path: req.path, fields: { face }, files: [photo.sha256] };
      const fingerprint = fingerprintOf(essence);
      const first = await claimKey(tx, { ownerId, key, fingerprint, resourceId: photo.id });
      if (first !== undefined) return first;
    }
    if (!(await lockPerson(tx, person.id))) throw gone();
    if ((await countPhotos(tx, person.id)) >= MAX_PERSON_PHOTOS) {
      throw new ApiError(422, 'too_many_photos', `A person has at most ${MAX_PERSON_PHOTOS} photos`);
    }
    await insertJobs(tx, [job]);
    await insertPersonPhoto(tx, {
      id: photo.id,
      ownerId,
      personId: person.id,
      jobId: job.id,
      key: photo.key,
    });
    await writeAudit(tx, [auditEntry(req, 'person.enrol', person.id, { photo: photo.id })]);
    return photo.id;
  });
}

import { expect } from '@jest/globals';
import {
  type BatchAnswer,
  batchAnswer,
  batchLog,
  type FaceMatch,
  type FoundFace,
  type JobError,
  type Person,
  person,
  type RecogniseResult,
} from '@mediaworks/contracts';
import { sql } from 'kysely';
import type { MediaClient, Part } from '../../media/testing/media-client.ts';
import type { MediaStage } from '../../media/testing/media-stage.ts';
import { png } from '../../media/testing/samples.ts';

export const RECOGNIZE = '/api/batch-photos/recognize';
export const LATER = { prefer: 'respond-async' };

/** A part of a batch: a PNG, unless it is said otherwise. */
export const photo = (filename: string, bytes: Uint8Array = png): Part => ({
  name: 'photos[]',
  filename,
  bytes,
});

/** Brings a batch, which must be taken, and does not wait for it. */
export async function bring(
  client: MediaClient,
  parts: Part[],
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<BatchAnswer> {
  const { status, body } = await client.uploadTo(RECOGNIZE, parts, fields, { ...LATER, ...headers });
  expect({ status, body }).toMatchObject({ body: { success: true } });
  return batchAnswer.parse(body);
}

/** A face as a worker tells of it. */
export function face(
  ...matches: [personId: string, confidence: number, similarity?: number][]
): RecogniseResult['faces'][number] {
  return {
    ...bareFace,
    matches: matches.map(([person_id, confidence, similarity = 0.5]): FaceMatch => ({
      person_id,
      confidence,
      similarity,
    })),
  };
}

export const bareFace: FoundFace = {
  box: { x: 10, y: 20, w: 30, h: 40 },
  landmarks: [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
  ],
  score: 0.9,
  quality: { sharpness: 1, size: 30, blurred: false, prominence: 1 },
};

export const MODEL = 'test-model';
/** What a model makes of a face, in two numbers. */
const embedding = Buffer.from(new Float32Array([0.6, 0.8]).buffer);

type End = RecogniseResult['faces'] | JobError;

/** Ends the photos of a batch, in their order, as a worker would; those that are not told go on. */
export async function endPhotos(stage: MediaStage, batchId: string, ends: readonly End[]): Promise<void> {
  const { db } = stage;
  const photos = await db
    .selectFrom('photos')
    .select(['id', 'job_id'])
    .where('batch_id', '=', batchId)
    .where('job_id', 'is not', null)
    .orderBy('position')
    .execute();
  for (const [i, end] of ends.entries()) {
    const { id, job_id } = photos[i] ?? { id: '', job_id: null };
    if (job_id === null) throw new Error(`the batch has no photo ${i}`);
    if (!Array.isArray(end)) {
      await stage.finish({ job_id }, { error: end });
      continue;
    }
    const faces = end;
    for (const n of faces.keys()) {
      const row = { photo_id: id, face: n, model_id: MODEL, embedding };
      await db.insertInto('photo_faces').values(row).execute();
    }
    const result: RecogniseResult = {
      ...{ width: 100, height: 100, faces, model_id: MODEL, persons: 2 },
      processing_time_ms: 100 + i,
    };
    await stage.finish({ job_id }, { result });
  }
  if (ends.length < photos.length) return;
  await sql`
    update jobs set status = 'completed', result = '{}', version = version + 1, finished_at = now()
    where id = (select job_id from photo_batches where id = ${batchId})`.execute(db);
}

export async function logOf(client: MediaClient, batchId: string) {
  const { status, body } = await client.get(`/api/batch-photos/logs/${batchId}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return batchLog.parse(body);
}

export async function addPerson(client: MediaClient, name: string): Promise<Person> {
  const { status, body } = await client.postJson('/api/persons', { name });
  expect({ status, body }).toMatchObject({ status: 201 });
  return person.parse(body);
}

/** Begins to enrol a photo. @returns the ids of the photo and of its job, which a test ends itself */
export async function beginEnrolment(stage: MediaStage, client: MediaClient, personId: string, query = '') {
  const parts = { name: 'photo', filename: 'me.png', bytes: png };
  const { status, body } = await client.uploadTo(`/api/persons/${personId}/photos${query}`, parts, {}, LATER);
  expect({ status, body }).toMatchObject({ status: 202 });
  const { job_id } = body as { job_id: string };
  const { id } = await stage.db
    .selectFrom('person_photos')
    .select('id')
    .where('job_id', '=', job_id)
    .executeTakeFirstOrThrow();
  return { id, job_id };
}

/** Ends an enrolment as a worker would. */
export async function endEnrolment(stage: MediaStage, { id, job_id }: { id: string; job_id: string }) {
  const kept = await stage.db
    .updateTable('person_photos')
    .set({ face: JSON.stringify(bareFace) })
    .where('id', '=', id)
    .returning('owner_id')
    .executeTakeFirstOrThrow();
  const row = { person_photo_id: id, model_id: MODEL, owner_id: kept.owner_id, embedding };
  await stage.db.insertInto('face_embeddings').values(row).execute();
  await stage.finish({ job_id }, { result: { ...bareFace, model_id: MODEL } });
}

/** Resolves once a request has written its job and told of it. */
export function nextJob(stage: MediaStage): Promise<void> {
  const { dispatcher } = stage.deps;
  const nudge = dispatcher.nudge;
  return new Promise((resolve) => {
    dispatcher.nudge = () => {
      dispatcher.nudge = nudge;
      nudge();
      resolve();
    };
  });
}

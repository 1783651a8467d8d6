import { randomUUID } from 'node:crypto';
import { assembleBody, chunkAccepted, chunkFields, lectureAccepted } from '@mediaworks/contracts';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { auditEntry } from '../audit.ts';
import { defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { waitForStore } from '../forms/limit-body.ts';
import { receiveForm } from '../forms/receive-form.ts';
import { fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import { contextOf, principalOf } from '../request-context.ts';
import { findByFileId, listParts, openChunked, type StagedUpload } from '../staging/queries.ts';
import { type Finish, MAX_CHUNK_BYTES, type Staging } from '../staging/staging.ts';
import type { LectureIntake } from './intake.ts';
import { acceptedAnswer } from './presenter.ts';
import { findLecture, type LectureRow } from './queries.ts';
import { storeVideo } from './store-video.ts';

const chunkForm = z.object({
  chunk: z.string().meta({ format: 'binary' }),
  chunk_index: z.int(),
  total_chunks: z.int(),
  file_id: z.string(),
  original_filename: z.string().optional(),
});

type Assembly = z.infer<typeof assembleBody>;

/** Videos in numbered chunks, in any order and any number of times each. */
export function chunkRoutes(deps: GatewayDeps, staging: Staging, intake: LectureIntake): Route[] {
  const { db, store, env } = deps;

  const uploadChunk = defineRoute({
    method: 'post',
    path: '/upload-chunk',
    summary: 'Upload a chunk of a video; one that was there before is replaced',
    access: 'user',
    rawBody: { contentType: 'multipart/form-data', schema: chunkForm },
    responses: { 200: { description: 'The chunk is stored', schema: chunkAccepted } },
    errors: [413],
    handler: async ({ req, res }) => {
      const ownerId = principalOf(req).userId;
      const { files, fields } = await receiveForm(req, res, {
        fileParts: ['chunk'],
        maxBytes: MAX_CHUNK_BYTES,
        take: ({ body }) => staging.stage(ownerId, body),
        giveBack: ({ key }) => staging.remove([key]),
      });
      const piece = files.get('chunk');
      if (!piece) throw new Error('the form has no chunk after all');
      const given = chunkFields.safeParse(fields);
      if (!given.success || piece.size === 0) {
        await staging.remove([piece.key]);
        throw given.error ?? new ApiError(400, 'empty_file', 'The submitted chunk is empty');
      }
      const { file_id, chunk_index, total_chunks } = given.data;
      const upload = { id: randomUUID(), ownerId, fileId: file_id, totalChunks: total_chunks };
      const { id, givenUp } = await openChunked(db, upload);
      await staging.remove(givenUp);
      await staging.replace(id, chunk_index, piece);
      const message = `Chunk ${chunk_index + 1}/${total_chunks} uploaded successfully`;
      return { status: 200, body: { chunk_index, total_chunks, file_id, chunk_size: piece.size, message } };
    },
  });

  const findMissing = async (upload: StagedUpload | undefined, { total_chunks }: Assembly) => {
    const there = new Set(upload ? (await listParts(db, upload.id)).map(({ position }) => position) : []);
    const missing = Array.from({ length: total_chunks }, (_, i) => i).filter((i) => !there.has(i));
    if (missing.length > 0)
      throw new ApiError(400, 'missing_chunks', 'Missing chunks', { fields: { missing_chunks: missing } });
    if (there.size > total_chunks)
      throw new ApiError(400, 'too_many_chunks', 'There are more chunks than total_chunks says');
  };

  /** The lecture that an upload became; undefined when it has been deleted since. @throws ApiError why it became none */
  const lectureOf = async (upload: StagedUpload): Promise<LectureRow | undefined> => {
    const { refusal, lecture_id } = upload;
    if (refusal) throw new ApiError(refusal.status, refusal.code, refusal.message);
    return lecture_id === null ? undefined : findLecture(db, lecture_id, upload.owner_id);
  };

  const makeLecture =
    (req: Request, body: Assembly): Finish =>
    async (upload, bytes) => {
      const { layout, original_filename: name } = body;
      const key = idempotencyKeyOf(req);
      const { id: requestId, traceparent } = contextOf(req);
      const video = await storeVideo(store, {
        id: upload.id,
        name,
        body: bytes,
        maxBytes: env.MAX_LECTURE_BYTES,
      });
      const essence = { method: 'POST', path: '/assemble-file', fields: body, files: [video.sha256] };
      await intake.submit({
        id: upload.id,
        ownerId: upload.owner_id,
        layout,
        video,
        subtitleKey: undefined,
        origin: { requestId, traceparent },
        audit: auditEntry(req, 'lecture.upload', '', { file_size: video.size, by: 'chunks' }),
        idempotency: key === undefined ? undefined : { key, fingerprint: fingerprintOf(essence) },
        stagedId: upload.id,
      });
    };

  const assemble = defineRoute({
    method: 'post',
    path: '/assemble-file',
    summary: 'Put the chunks of a video together; asked again, the answer is the same',
    access: 'user',
    idempotent: true,
    body: assembleBody,
    responses: { 200: { description: 'The lecture, in the queue', schema: lectureAccepted } },
    errors: [409, 413, 415],
    handler: async ({ req, res, body }) => {
      idempotencyKeyOf(req);
      waitForStore(res);
      const upload = await findByFileId(db, principalOf(req).userId, body.file_id);
      if (upload?.finished_at) {
        const made = await lectureOf(upload);
        if (made) return acceptedAnswer(made, env.PUBLIC_URL);
      }
      // Where another request is putting them together there is nothing to miss.
      if (!upload || !upload.held) await findMissing(upload, body);
      const made = upload && (await lectureOf(await staging.finish(upload.id, makeLecture(req, body))));
      if (!made) throw new ApiError(404, 'not_found', 'What was made of the chunks is gone');
      return acceptedAnswer(made, env.PUBLIC_URL);
    },
  });

  return [uploadChunk, assemble];
}

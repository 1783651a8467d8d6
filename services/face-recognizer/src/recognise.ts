import { PermanentError } from '@mediaworks/contracts';
import type { Executor, Handler } from '@mediaworks/jobs';
import { toBytes } from './embedding-bytes.ts';
import type { FaceEngine } from './engine/index.ts';
import type { Galleries } from './galleries.ts';
import { lookAt } from './look-at.ts';
import { presentFace, presentMatches } from './present-face.ts';
import { keepPhotoFaces } from './queries.ts';

/** Find the faces of a photo, compare each with the owner's gallery, keep what grouping needs, tell. */
export function recognise({
  db,
  engine,
  galleries,
}: {
  db: Executor;
  engine: FaceEngine;
  galleries: Galleries;
}): Handler<'photos.recognise'> {
  const { modelId, calibration } = engine;
  return async (input, ctx) => {
    const started = performance.now();
    ctx.progress(5, 'looking for faces');
    const photo = await lookAt(engine, input.object_key, ctx);
    ctx.releaseSlot();
    const gallery = await galleries.of(ctx.owner);
    const faces = await Promise.all(
      photo.faces.map(async (face) => ({
        ...presentFace(face),
        matches: await presentMatches(face, gallery, calibration),
      })),
    );
    const { persons } = gallery;
    ctx.signal.throwIfAborted();
    const embeddings = photo.faces.map(({ embedding }) => toBytes(embedding));
    if (!(await keepPhotoFaces(db, input.photo_id, modelId, embeddings))) {
      throw new PermanentError('gone', 'The photo was deleted');
    }
    return {
      ...{ width: photo.width, height: photo.height, faces, model_id: modelId, persons },
      processing_time_ms: Math.round(performance.now() - started),
    };
  };
}

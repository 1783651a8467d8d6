import { PermanentError } from '@mediaworks/contracts';
import type { Executor, Handler } from '@mediaworks/jobs';
import { chooseFace } from './choose-face.ts';
import { toBytes } from './embedding-bytes.ts';
import type { FaceEngine } from './engine/index.ts';
import { lookAt } from './look-at.ts';
import { presentFace } from './present-face.ts';
import { keepPersonFace } from './queries.ts';

/** Find the face that a person is to be known by, and keep what it looks like. */
export function enrol({ db, engine }: { db: Executor; engine: FaceEngine }): Handler<'faces.enrol'> {
  const { modelId } = engine;
  return async (input, ctx) => {
    ctx.progress(5, 'looking for the face');
    const photo = await lookAt(engine, input.object_key, ctx);
    const chosen = chooseFace(photo.faces, input.face);
    const face = presentFace(chosen);
    ctx.signal.throwIfAborted();
    const described = { modelId, embedding: toBytes(chosen.embedding) };
    if (!(await keepPersonFace(db, input.photo_id, face, described))) {
      throw new PermanentError('gone', 'The person was deleted');
    }
    return { ...face, model_id: modelId };
  };
}

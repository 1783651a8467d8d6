import { PermanentError } from '@mediaworks/contracts';
import type { Handler } from '@mediaworks/jobs';
import type { FaceEngine } from './engine/index.ts';
import { lookAt } from './look-at.ts';
import { presentConfidence, presentFace } from './present-face.ts';

/** Compare the most prominent faces of two photos. */
export function verify(engine: FaceEngine): Handler<'faces.verify'> {
  const { modelId, calibration } = engine;
  return async ({ object_keys, threshold }, ctx) => {
    const [first, second] = await Promise.all(
      object_keys.map(async (key, n) => {
        const { faces } = await lookAt(engine, key, ctx, `photo-${n}`);
        const [face] = faces;
        if (face) return { face, count: faces.length };
        throw new PermanentError('no_face', `There is no face on the ${n === 0 ? 'first' : 'second'} photo`);
      }),
    );
    if (!first || !second) throw new Error('two photos were looked at, and one is missing');
    const similarity = first.face.embedding.reduce(
      (sum, value, n) => sum + value * (second.face.embedding[n] ?? 0),
      0,
    );
    const confidence = presentConfidence(calibration, similarity, 1);
    return {
      same: confidence >= threshold,
      confidence,
      similarity: Math.round(similarity * 10_000) / 10_000,
      faces: [presentFace(first.face), presentFace(second.face)],
      face_counts: [first.count, second.count],
      model_id: modelId,
    };
  };
}

import { PermanentError } from '@mediaworks/contracts';
import { ALIGNED_SIDE } from './align.ts';
import type { EmbedderSpec } from './model-set.ts';
import type { OnnxSession } from './onnx-session.ts';

/** Faces in one run: more do not make it faster, and each takes memory for all layers. */
const BATCH = 8;
const PLANE = ALIGNED_SIDE * ALIGNED_SIDE;

export interface Embedder {
  readonly spec: EmbedderSpec;
  /** @param faces as {@link alignFace} gives them. @returns embeddings of length 1 */
  embed(faces: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
}

export function createEmbedder(session: OnnxSession, spec: EmbedderSpec): Embedder {
  return {
    spec,
    async embed(faces, signal) {
      const embeddings: Float32Array[] = [];
      for (let first = 0; first < faces.length; first += BATCH) {
        signal?.throwIfAborted();
        const batch = faces.slice(first, first + BATCH);
        const input = new Float32Array(batch.length * PLANE * 3);
        for (const [index, face] of batch.entries())
          fillPlanes(input.subarray(index * PLANE * 3, (index + 1) * PLANE * 3), face, spec);
        const [output] = (await session.run(input, [batch.length, 3, ALIGNED_SIDE, ALIGNED_SIDE])).values();
        if (output?.length !== batch.length * spec.dimensions)
          throw new Error(`The embedder does not answer ${spec.dimensions} numbers a face`);
        for (let at = 0; at < output.length; at += spec.dimensions)
          embeddings.push(normalised(output.slice(at, at + spec.dimensions)));
      }
      return embeddings;
    },
  };
}

function fillPlanes(planes: Float32Array, face: Float32Array, { channels, mean, scale }: EmbedderSpec): void {
  const [first, third] = channels === 'rgb' ? [0, 2] : [2, 0];
  for (let pixel = 0, from = 0; pixel < PLANE; pixel++, from += 3) {
    planes[pixel] = ((face[from + first] ?? 0) - mean) / scale;
    planes[pixel + PLANE] = ((face[from + 1] ?? 0) - mean) / scale;
    planes[pixel + 2 * PLANE] = ((face[from + third] ?? 0) - mean) / scale;
  }
}

/** @throws PermanentError `bad_embedding` where there is no direction to speak of. */
export function normalised(vector: Float32Array): Float32Array {
  let square = 0;
  for (const value of vector) square += value * value;
  const length = Math.sqrt(square);
  if (!(length > 0 && length < Infinity))
    throw new PermanentError('bad_embedding', 'The face could not be described');
  return vector.map((value) => value / length);
}

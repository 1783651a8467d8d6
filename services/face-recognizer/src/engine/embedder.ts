import { ALIGNED_SIDE } from './align.ts';
import type { EmbedderSpec } from './model-set.ts';
import type { OnnxSession } from './onnx-session.ts';
import { createPlanes } from './planes.ts';

/** Faces in one run: more do not make it faster, and each takes memory for all layers. */
const BATCH = 8;
const PLANE = ALIGNED_SIDE * ALIGNED_SIDE;

export interface Embedded {
  /** Of length 1; zeros where the model answered nothing of use. */
  readonly embedding: Float32Array;
  /** Its length as the model gave it: embedders say little about what is no face. */
  readonly norm: number;
}

export interface Embedder {
  readonly spec: EmbedderSpec;
  /** All faces in one run. @param faces as {@link alignFace} gives them. */
  embed(faces: readonly Uint8Array[], signal?: AbortSignal): Promise<Embedded[]>;
}

export function createEmbedder(session: OnnxSession, spec: EmbedderSpec): Embedder {
  const planes = createPlanes(PLANE, spec, BATCH);
  return {
    spec,
    async embed(faces, signal) {
      const embeddings: Embedded[] = [];
      for (let first = 0; first < faces.length; first += BATCH) {
        signal?.throwIfAborted();
        const batch = faces.slice(first, first + BATCH);
        for (const [index, face] of batch.entries()) {
          planes.bytes.set(face);
          planes.write(index);
        }
        const shape = [batch.length, 3, ALIGNED_SIDE, ALIGNED_SIDE];
        const outputs = await session.run(planes.input.subarray(0, batch.length * PLANE * 3), shape);
        const [output] = outputs.values();
        if (output?.length !== batch.length * spec.dimensions)
          throw new Error(`The embedder does not answer ${spec.dimensions} numbers a face`);
        for (let at = 0; at < output.length; at += spec.dimensions)
          embeddings.push(normalised(output.slice(at, at + spec.dimensions)));
      }
      return embeddings;
    },
  };
}

function normalised(vector: Float32Array): Embedded {
  let square = 0;
  for (const value of vector) square += value * value;
  const norm = Math.sqrt(square);
  if (!(norm > 0 && norm < Infinity)) return { embedding: new Float32Array(vector.length), norm: 0 };
  const embedding = new Float32Array(vector.length);
  for (const [n, value] of vector.entries()) embedding[n] = value / norm;
  return { embedding, norm };
}

/** Of two embeddings of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let n = 0; n < a.length; n++) sum += (a[n] ?? 0) * (b[n] ?? 0);
  return sum;
}

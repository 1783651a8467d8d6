import type { EmbedderSpec } from './model-set.ts';

type Figures = NonNullable<EmbedderSpec['faces']>;

/** Scores beyond these say no more: the detector is rarely less sure than that, and rarely right to be. */
const LEAST_SCORE = 0.03;
const MOST_EVIDENCE = logit(1 - LEAST_SCORE);

/**
 * How much speaks for a face, as logarithms of odds, so that what is learned from one look after the other adds up:
 * above 0 it is one. The weights are those of a logistic regression, see the model card.
 */
export interface Evidence {
  /** By what the embedder answered alone. */
  ofEmbedding(embedding: Float32Array): number;
  /** By how like its mirror image a face is, a cosine. */
  ofMirror(likeness: number): number;
  /** By how the detector scored further looks. */
  ofLooks(scores: readonly number[]): number;
  /** The most that a mirror image and further looks can add. */
  readonly most: { readonly mirror: number; readonly looks: number };
}

export function createEvidence({ direction, scale, offset, mirrored, confirmed }: Figures): Evidence {
  const weights = new Int8Array(Buffer.from(direction, 'base64'));
  return {
    ofEmbedding(embedding) {
      let sum = 0;
      for (let n = 0; n < weights.length; n++) sum += (weights[n] as number) * (embedding[n] ?? 0);
      return scale * sum + offset;
    },
    ofMirror: (likeness) => mirrored * likeness,
    ofLooks: (scores) =>
      (confirmed * scores.reduce((sum, score) => sum + logit(score), 0)) / Math.max(1, scores.length),
    most: { mirror: mirrored, looks: confirmed * MOST_EVIDENCE },
  };
}

function logit(score: number): number {
  const odds = Math.min(1 - LEAST_SCORE, Math.max(LEAST_SCORE, score));
  return Math.log(odds / (1 - odds));
}

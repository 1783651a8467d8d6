import type { Pyramid } from './pyramid.ts';
import { mirrorSquare, sampleSquare } from './sampling.ts';
import { fitSimilarity, invert, type Point } from './similarity.ts';

/** Sides of what an embedder is shown, in pixels. */
export const ALIGNED_SIDE = 112;

/**
 * Where ArcFace wants the left eye, the right eye, the nose and the corners of the mouth (Deng et al., "ArcFace", 2019;
 * insightface's `face_align.py`), in pixels.
 */
export const alignedPoints: readonly Point[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

/**
 * A face, upright and at the size that embedders were taught on.
 * @param landmarks five points of the photo, in the order of {@link alignedPoints}
 * @returns RGB, 112 × 112
 */
export function alignFace(photo: Pyramid, landmarks: readonly Point[]): Uint8Array {
  return sampleSquare(photo, ALIGNED_SIDE, invert(fitSimilarity(landmarks, alignedPoints)));
}

/** An aligned face as in a mirror. */
export function mirror(face: Uint8Array): Uint8Array {
  const out = Uint8Array.from(face);
  mirrorSquare(out, ALIGNED_SIDE);
  return out;
}

import type { Candidate } from './detector.ts';
import { apply, type Point, scaleOf, type Similarity } from './similarity.ts';

/** What a view that may be turned shows, in pixels of the photo. */
export interface TurnedCandidate extends Candidate {
  /** By which its top is turned clockwise, in radians. */
  readonly roll: number;
}

/** Where a candidate is and how large, in pixels of its picture. */
export function placeOf({ left, top, right, bottom }: Candidate): { centre: Point; span: number } {
  return { centre: [(left + right) / 2, (top + bottom) / 2], span: Math.max(right - left, bottom - top) };
}

/**
 * The best of those that lie in the middle of a square and are about as large as they should be.
 * @param share of the square's side that a face takes
 */
export function inTheMiddle(seen: readonly Candidate[], side: number, share: number): Candidate | undefined {
  return seen
    .filter(({ left, top, right, bottom }) => {
      const [x, y] = [(left + right) / 2 - side / 2, (top + bottom) / 2 - side / 2];
      const size = Math.max(right - left, bottom - top) / (side * share);
      return Math.hypot(x, y) < (side * share) / 2 && size > 0.5 && size < 1.8;
    })
    .sort((a, b) => b.score - a.score)[0];
}

/** The upright box of what was seen: as large, about the same middle. */
export function inPhoto(
  { left, top, right, bottom, score, points }: Candidate,
  view: Similarity,
  roll: number,
): TurnedCandidate {
  const [x, y] = apply(view, [(left + right) / 2, (top + bottom) / 2]);
  const scale = scaleOf(view);
  const [halfWidth, halfHeight] = [((right - left) * scale) / 2, ((bottom - top) * scale) / 2];
  return {
    ...{
      left: x - halfWidth,
      top: y - halfHeight,
      right: x + halfWidth,
      bottom: y + halfHeight,
      score,
      roll,
    },
    points: points?.map((point) => apply(view, point)),
  };
}

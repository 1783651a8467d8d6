import type { Calibration } from './face.ts';

/**
 * The cosine from which a face is given a name, in a gallery of so many persons: every further one is a further chance
 * that a stranger looks like somebody, so the cut rises with the logarithm of their number.
 * @param persons enrolled, of those that are searched; fewer than 1 counts as 1
 */
export function cut({ slope, offset, floor }: Calibration, persons: number): number {
  return Math.max(floor, (offset + Math.log(Math.max(1, persons))) / slope);
}

/**
 * How sure a match is, in percent: 50 exactly at the cut.
 * @param similarity a cosine, −1 to 1
 */
export function confidence(calibration: Calibration, similarity: number, persons: number): number {
  return 100 / (1 + Math.exp(-calibration.slope * (similarity - cut(calibration, persons))));
}

/**
 * The cosine that is as sure as a percentage: the inverse of {@link confidence}.
 * @param percent above 0 and below 100; beyond, nothing or everything is below it
 */
export function similarityAt(calibration: Calibration, percent: number, persons: number): number {
  if (percent <= 0) return -Infinity;
  if (percent >= 100) return Infinity;
  return cut(calibration, persons) + Math.log(percent / (100 - percent)) / calibration.slope;
}

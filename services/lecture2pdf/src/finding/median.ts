/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */

const { max, min } = Math;

/** Five frames of one size. */
export type FiveFrames = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** The median of five frames, pixel by pixel: pointers, noise and all that passes is gone from it. */
export function medianOf([a, b, c, d, e]: FiveFrames): Uint8Array {
  const median = new Uint8Array(a.length);
  for (let at = 0; at < a.length; at++) {
    const [va, vb, vc, vd, ve] = [a[at]!, b[at]!, c[at]!, d[at]!, e[at]!];
    // Of two pairs the lowest and the highest can't be the middle of five; the median of three is left.
    const one = max(min(va, vb), min(vc, vd));
    const two = min(max(va, vb), max(vc, vd));
    median[at] = max(min(one, two), min(max(one, two), ve));
  }
  return median;
}

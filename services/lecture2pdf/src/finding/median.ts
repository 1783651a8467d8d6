/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */

import { wordsOf } from './grid.ts';
import { higher, lower } from './whole-numbers.ts';

/** Five frames of one size. */
export type FiveFrames = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** The median of five frames, pixel by pixel: pointers, noise and all that passes is gone from it. */
export function medianOf(frames: FiveFrames): Uint8Array {
  const [a, b, c, d, e] = frames;
  const median = c.slice();
  // Four pixels a number: in most videos, most stay just as they are.
  const [wa, wb, wc, wd, we] = frames.map(wordsOf) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  for (let word = 0; word < wc.length; word++) {
    const own = wc[word];
    if (wa[word] === own && wb[word] === own && wd[word] === own && we[word] === own) continue;
    for (let at = 4 * word; at < 4 * word + 4; at++) {
      const va = a[at]!;
      const vb = b[at]!;
      const vc = c[at]!;
      const vd = d[at]!;
      const ve = e[at]!;
      // Of two pairs the lowest and the highest can't be the middle of five; the median of three is left.
      const one = higher(lower(va, vb), lower(vc, vd));
      const two = lower(higher(va, vb), higher(vc, vd));
      median[at] = higher(lower(one, two), lower(higher(one, two), ve));
    }
  }
  return median;
}

import { rgbaToThumbHash } from 'thumbhash';
import type { Pixels } from './image-pixels.ts';
import { fitWithin } from './image-sizes.ts';

/** Longest side of what is hashed, in pixels. A thumbhash keeps at most seven half waves a side, which 32 show. */
const HASHED_SIDE = 32;

/** A thumbhash of decoded pixels, in base64. Cheapest from the smallest size at hand; under 1 ms of CPU at 320. */
export function pictureHash(pixels: Pixels): string {
  const { width, height } = fitWithin(pixels, HASHED_SIDE);
  return Buffer.from(rgbaToThumbHash(width, height, averaged(pixels, width, height))).toString('base64');
}

/** Each pixel is the mean of those it covers, as RGBA; colours weigh by their alpha. */
function averaged({ data, width, height, channels }: Pixels, columns: number, rows: number): Uint8Array {
  const sums = new Float64Array(columns * rows * 5);
  const hasAlpha = channels === 2 || channels === 4;
  const green = channels > 2 ? 1 : 0;
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x++, at += channels) {
      const sum = (row + Math.floor((x * columns) / width)) * 5;
      const alpha = hasAlpha ? (data[at + channels - 1] ?? 0) : 255;
      sums[sum] = (sums[sum] ?? 0) + (data[at] ?? 0) * alpha;
      sums[sum + 1] = (sums[sum + 1] ?? 0) + (data[at + green] ?? 0) * alpha;
      sums[sum + 2] = (sums[sum + 2] ?? 0) + (data[at + green * 2] ?? 0) * alpha;
      sums[sum + 3] = (sums[sum + 3] ?? 0) + alpha;
      sums[sum + 4] = (sums[sum + 4] ?? 0) + 1;
    }
  }
  return Uint8Array.from({ length: columns * rows * 4 }, (_, index) => {
    const sum = (index >> 2) * 5;
    const alpha = sums[sum + 3] ?? 0;
    if ((index & 3) === 3) return Math.round(alpha / (sums[sum + 4] ?? 1));
    return alpha === 0 ? 0 : Math.round((sums[sum + (index & 3)] ?? 0) / alpha);
  });
}

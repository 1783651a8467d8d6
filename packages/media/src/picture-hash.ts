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
  const alphaAt = channels === 2 || channels === 4 ? channels - 1 : undefined;
  const green = channels > 2 ? 1 : 0;
  const rgba = new Uint8Array(columns * rows * 4);
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, to += 4) {
      const [left, right] = [edge(column, columns, width), edge(column + 1, columns, width)];
      const bottom = edge(row + 1, rows, height);
      let [r, g, b, weight, count] = [0, 0, 0, 0, 0];
      for (let y = edge(row, rows, height); y < bottom; y++) {
        const end = (y * width + right) * channels;
        for (let at = (y * width + left) * channels; at < end; at += channels) {
          const alpha = alphaAt === undefined ? 255 : (data[at + alphaAt] ?? 0);
          r += (data[at] ?? 0) * alpha;
          g += (data[at + green] ?? 0) * alpha;
          b += (data[at + green * 2] ?? 0) * alpha;
          weight += alpha;
          count++;
        }
      }
      rgba[to + 3] = Math.round(weight / count);
      if (weight === 0) continue;
      rgba[to] = Math.round(r / weight);
      rgba[to + 1] = Math.round(g / weight);
      rgba[to + 2] = Math.round(b / weight);
    }
  }
  return rgba;
}

/** Where the nth of so many parts of a side begins, in pixels. */
function edge(n: number, parts: number, pixels: number): number {
  return Math.ceil((n * pixels) / parts);
}

import { COLUMN_BITS, COLUMN_BYTES, createResizeRows, ROW_BITS, TAPS } from './resize-rows.ts';
import { SHRINKS } from './sampler.ts';
import type { Picture } from './sampling.ts';
import { atLeast } from './wasm-code.ts';

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export interface Resizer {
  /**
   * The whole of a picture at another size, not smaller than {@link MOST_SHRUNK} makes it.
   * @returns good until the next
   */
  resize(picture: Picture, size: PixelSize): Picture;
}

/** A pixel of the result is made of three of the picture at most, across and down. */
export const MOST_SHRUNK = 2;
/** What may be read and written beyond a row. */
const SLACK = 16;
/** A weight of one has no place in 16 bits with a sign. */
const MOST_WEIGHT = 2 ** ROW_BITS - 1;

/**
 * Resizes pictures row by row, down first and then across, which is a fraction of the work of sampling every point by
 * itself. What a pixel is made of is the same as there; a picture's last pixels go on beyond its edges.
 */
export function createResizer(): Resizer {
  const rows = createResizeRows();
  let held = new Uint8Array(0);
  return {
    resize({ data, width, height }, size) {
      const stride = width * 3 + SLACK;
      const mixedAt = TAPS * stride;
      const outAt = mixedAt + stride;
      const tableAt = Math.ceil((outAt + size.width * 3 + SLACK) / 4) * 4;
      const memory = atLeast(rows.memory, tableAt + size.width * COLUMN_BYTES);
      writeTable(new Int32Array(memory.buffer, tableAt), tapsOf(width, size.width));
      const length = size.width * size.height * 3;
      if (held.length < length) held = new Uint8Array(length);
      const out = held.subarray(0, length);
      const { first, weights } = tapsOf(height, size.height);
      let brought = 0;
      for (let y = 0; y < size.height; y++) {
        const top = first[y] ?? 0;
        // Each row is brought once; rows that come after the last have no weight.
        for (brought = Math.max(brought, top); brought < Math.min(height, top + TAPS); brought++)
          memory.set(
            data.subarray(brought * width * 3, (brought + 1) * width * 3),
            (brought % TAPS) * stride,
          );
        const [a, b, c] = [0, 1, 2].map((n) => weightOf(weights[y * TAPS + n] ?? 0)) as [
          number,
          number,
          number,
        ];
        const [from, next, last] = [top % TAPS, (top + 1) % TAPS, (top + 2) % TAPS];
        rows.blend(from * stride, next * stride, last * stride, mixedAt, width * 3, a, b, c);
        rows.gather(mixedAt, tableAt, outAt, size.width);
        out.set(memory.subarray(outAt, outAt + size.width * 3), y * size.width * 3);
      }
      return { data: out, ...size };
    },
  };
}

const weightOf = (share: number) => Math.min(MOST_WEIGHT, Math.round(share * 2 ** ROW_BITS));

/** Of each pixel along a side of the result, the first of {@link TAPS} that it is made of, and their shares. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: Float64Array;
}

/** What is between two pixels is mixed of both; a pixel that stands for more than one is the mean of two places. */
function tapsOf(from: number, to: number): Taps {
  const taps: Taps = { first: new Int32Array(to), weights: new Float64Array(to * TAPS) };
  const step = from / to;
  const apart = step > SHRINKS ? step / 4 : 0;
  for (let n = 0; n < to; n++) {
    const centre = (n + 0.5) * step - 0.5;
    const places = [centre - apart, centre + apart].map((place) => Math.min(from - 1, Math.max(0, place)));
    const first = Math.max(0, Math.min(Math.floor(places[0] ?? 0), from - TAPS));
    taps.first[n] = first;
    for (const place of places) {
      const left = Math.floor(place);
      const at = n * TAPS + left - first;
      taps.weights[at] = (taps.weights[at] ?? 0) + (1 - place + left) / 2;
      if (place > left) taps.weights[at + 1] = (taps.weights[at + 1] ?? 0) + (place - left) / 2;
    }
  }
  return taps;
}

function writeTable(table: Int32Array, { first, weights }: Taps): void {
  const one = 2 ** COLUMN_BITS;
  for (let n = 0; n < first.length; n++) {
    const a = Math.round((weights[n * TAPS] ?? 0) * one);
    const b = Math.round((weights[n * TAPS + 1] ?? 0) * one);
    table.set([(first[n] ?? 0) * 3, a | (b << 16), Math.max(0, one - a - b)], n * (COLUMN_BYTES / 4));
  }
}

import type { PixelRows } from './pixel-rows.ts';
import { COLUMN_BITS, COLUMN_BYTES, ROW_BITS, TAPS } from './resize-rows.ts';
import { SHRINKS } from './sampler.ts';
import type { Picture } from './sampling.ts';

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export interface Resizer {
  /**
   * The whole of a picture at another size, not smaller than {@link MOST_SHRUNK} makes it.
   * @param room for the result, and some bytes after it
   * @returns good until the next
   */
  resize(picture: Picture, size: PixelSize, room: Room): Picture;
}

/** A pixel of the result is made of three of the picture at most, across and down. */
export const MOST_SHRUNK = 2;
/** What may be read and written beyond a row. */
const SLACK = 16;
/** Rows that are brought at a time of a picture that is not in the memory. */
const BAND = 8;
/** A weight of one has no place in 16 bits with a sign. */
const MOST_WEIGHT = 2 ** ROW_BITS - 1;

/** What a resizer needs for itself. @param width of the picture */
export const resizerBytes = (width: number, toWidth: number): number =>
  width * 3 * (BAND + 1) + toWidth * COLUMN_BYTES + 4 * SLACK;

/** Where in a memory something is to be put. */
export interface Room {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Resizes pictures row by row, down first and then across, which is a fraction of the work of sampling every point by
 * itself. What a pixel is made of is the same as there; a picture's last pixels go on beyond its edges.
 * @param at address of {@link resizerBytes} for its own use
 */
export function createResizer({ mixed }: PixelRows, memory: Uint8Array, at: number): Resizer {
  return {
    resize(picture, size, room) {
      const { data, width, height } = picture;
      const stride = width * 3;
      const tableAt = Math.ceil(at / 4) * 4;
      const mixedAt = tableAt + size.width * COLUMN_BYTES;
      const bandAt = mixedAt + stride + SLACK;
      writeTable(new Int32Array(memory.buffer, tableAt, (size.width * COLUMN_BYTES) / 4), width, size.width);
      const inside = data.buffer === memory.buffer;
      let [start, end] = inside ? [0, height] : [0, 0];
      const taps: Taps = { first: 0, weights: [0, 0, 0] };
      for (let y = 0; y < size.height; y++) {
        tapsOf(height, size.height, y, taps);
        const { first, weights } = taps;
        // Rows that come after the last have no weight.
        if (Math.min(height, first + TAPS) > end) {
          [start, end] = [first, Math.min(height, first + BAND)];
          memory.set(data.subarray(start * stride, end * stride), bandAt);
        }
        const from = (inside ? data.byteOffset : bandAt) + (first - start) * stride;
        const [a, b, c] = [weightOf(weights[0]), weightOf(weights[1]), weightOf(weights[2])];
        mixed.blend(from, from + stride, from + 2 * stride, mixedAt, Math.ceil(stride / 16), a, b, c);
        mixed.gather(mixedAt, tableAt, room.at + y * size.width * 3, size.width);
      }
      return { data: memory.subarray(room.at, room.at + size.width * size.height * 3), ...size };
    },
  };
}

const weightOf = (share: number) => Math.min(MOST_WEIGHT, Math.round(share * 2 ** ROW_BITS));

/** The first of {@link TAPS} that a pixel is made of, and their shares. */
interface Taps {
  first: number;
  readonly weights: [number, number, number];
}

/**
 * What pixel n along a side is made of: what is between two pixels is mixed of both, and a pixel that stands for more
 * than one is the mean of two places.
 * @param taps where the answer goes
 */
function tapsOf(from: number, to: number, n: number, taps: Taps): void {
  const step = from / to;
  const apart = step > SHRINKS ? step / 4 : 0;
  const centre = (n + 0.5) * step - 0.5;
  const place = Math.min(from - 1, Math.max(0, centre - apart));
  taps.first = Math.max(0, Math.min(Math.floor(place), from - TAPS));
  taps.weights.fill(0);
  addPlace(taps, place);
  addPlace(taps, Math.min(from - 1, Math.max(0, centre + apart)));
}

function addPlace({ first, weights }: Taps, place: number): void {
  const left = Math.floor(place);
  const share = (place - left) / 2;
  const at = left - first;
  weights[at] = (weights[at] ?? 0) + 0.5 - share;
  if (share > 0) weights[at + 1] = (weights[at + 1] ?? 0) + share;
}

function writeTable(table: Int32Array, from: number, to: number): void {
  const one = 2 ** COLUMN_BITS;
  const taps: Taps = { first: 0, weights: [0, 0, 0] };
  for (let n = 0; n < to; n++) {
    tapsOf(from, to, n, taps);
    const { first, weights } = taps;
    const a = Math.round(weights[0] * one);
    const b = Math.round(weights[1] * one);
    const at = n * (COLUMN_BYTES / 4);
    table[at] = first * 3;
    table[at + 1] = a | (b << 16);
    table[at + 2] = Math.max(0, one - a - b);
  }
}

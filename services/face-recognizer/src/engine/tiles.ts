import type { PixelRows } from './pixel-rows.ts';
import { SAMPLER_BYTES } from './sampler.ts';
import type { Picture } from './sampling.ts';
import { BLOCK, SPREAD_BYTES } from './tile-rows.ts';

/** A part of a picture, in pixels; all of it lies inside. */
export interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What looks at parts of a picture, without a step of its own for each row where the picture lies in the memory. */
export interface Tiles {
  /** The part's pixels, row by row, with nothing between. @param into of just that size */
  read(picture: Picture, part: Part, into: Uint8Array): void;
  /** True when no block of a part shows more than noise, by its green. */
  isFlat(picture: Picture, part: Part): boolean;
}

/** Pixels that vary by less than this show sky or wall; standard deviation of a block, of 255. */
const FLAT = 3;
/** Pixels of a block that are looked at. */
const SAMPLES = 32;

/** @param at address of {@link SAMPLER_BYTES} for its own use */
export function createTiles({ tiles: rows }: PixelRows, memory: Uint8Array, at: number): Tiles {
  /** Where some rows of a part begin, and what is between one and the next. */
  const bring = (picture: Picture, { x, y, width, height }: Part) => {
    const stride = picture.width * 3;
    const from = y * stride + x * 3;
    if (picture.data.buffer === memory.buffer) return { from: picture.data.byteOffset + from, stride };
    for (let row = 0; row < height; row++) {
      const start = from + row * stride;
      memory.set(picture.data.subarray(start, start + width * 3), at + row * width * 3);
    }
    return { from: at, stride: width * 3 };
  };

  return {
    read(picture, part, into) {
      const length = part.width * 3;
      const most = Math.max(1, Math.floor(SAMPLER_BYTES / length));
      for (let first = 0; first < part.height; first += most) {
        const height = Math.min(most, part.height - first);
        const { from, stride } = bring(picture, { ...part, y: part.y + first, height });
        if (from !== at) rows.copy(from, stride, at, length, height);
        into.set(memory.subarray(at, at + height * length), first * length);
      }
    },
    isFlat(picture, part) {
      const { width, height } = part;
      if (width < BLOCK || height < BLOCK) return false;
      const blocks = Math.ceil(width / BLOCK);
      const sums = new Int32Array(memory.buffer, at + SAMPLER_BYTES - blocks * SPREAD_BYTES, blocks * 8);
      for (let y = 0; y < height; y += BLOCK) {
        const line = { ...part, y: part.y + Math.min(y, height - BLOCK), height: BLOCK };
        const { from, stride } = bring(picture, line);
        const whole = Math.floor(width / BLOCK);
        rows.spread(from, stride, sums.byteOffset, whole);
        // The last block lies at the right edge, over others.
        const last = from + (width - BLOCK) * 3;
        if (whole < blocks) rows.spread(last, stride, sums.byteOffset + whole * SPREAD_BYTES, 1);
        for (let n = 0; n < blocks; n++) if (varianceOf(sums, n * 8) > FLAT * FLAT) return false;
      }
      return true;
    },
  };
}

/** Of a block, by its sums and sums of squares. */
function varianceOf(sums: Int32Array, at: number): number {
  let [sum, squares] = [0, 0];
  for (let n = at; n < at + 4; n++) {
    sum += sums[n] as number;
    squares += sums[n + 4] as number;
  }
  return squares / SAMPLES - (sum / SAMPLES) ** 2;
}

import { createPixelRows } from './pixel-rows.ts';
import { createResizer, type Resizer } from './resize.ts';
import { createSampler, type Sampler, SAMPLER_BYTES } from './sampler.ts';
import { type Picture, plainBytes } from './sampling.ts';

/** A photo at one of its sizes. */
export interface Level extends Picture {
  /** What lengths in the photo are to be multiplied by; 1 is the photo itself. */
  readonly factor: number;
}

/** A photo at every size that is of use. */
export interface Pyramid {
  /** The photo itself first: two thirds of it, then each half of the one before. */
  readonly levels: readonly [Level, ...Level[]];
  /** What samples them. */
  readonly sampler: Sampler;
  /** What makes the whole of one another size. */
  readonly resizer: Resizer;
}

export interface Pyramids {
  /** Good until the next one is made. */
  of(photo: Picture): Pyramid;
}

/** Levels are made as long as their shorter side has so many pixels. */
const SHORTEST = 48;
/** Rows that are brought over at a time, a multiple of three: few enough to stay in the processor's nearest memory. */
const BAND = 48;
/** What may be read and written beyond a level. */
const SLACK = 64;
/** More memory than this is not kept for the next photo. */
const MOST_KEPT = 32 * 2 ** 20;

/**
 * Makes pyramids, one at a time, in a memory that is used again and again: taking new memory costs more than what is
 * written to it.
 */
export function createPyramids(): Pyramids {
  let rows = createPixelRows();
  const resizer = createResizer();
  let held = 0;
  return {
    of(picture) {
      const photo: Level = { ...picture, data: plainBytes(picture.data), factor: 1 };
      const sizes = sizesOf(photo);
      // What the bands of the photo pass through is the sampler's afterwards.
      const band = Math.max((photo.width + 1) * 3 * BAND, SAMPLER_BYTES) + SLACK;
      const bytes = sizes.reduce((sum, { width, height }) => sum + width * height * 3 + SLACK, band);
      if (held > MOST_KEPT) rows = createPixelRows();
      held = bytes;
      const memory = rows.memory(bytes);
      const levels: Level[] = [];
      let at = band;
      for (const size of sizes) {
        const level = { ...size, data: memory.subarray(at, at + size.width * size.height * 3) };
        const before = levels.at(-1);
        if (before) halve(before, level);
        else shrinkToThirds(memory, photo, level);
        levels.push(level);
        at += level.data.length + SLACK;
      }
      return { levels: [photo, ...levels], sampler: createSampler(rows, memory, 0), resizer };
    },
  };

  /** The photo is not in this memory: it is brought to its beginning in bands. */
  function shrinkToThirds(memory: Uint8Array, { data, width, height }: Picture, out: Picture): void {
    // A width of which the last pixel has no neighbour gets one more.
    const stride = (width % 3 === 1 ? width + 1 : width) * 3;
    for (let first = 0; first < height; first += BAND) {
      const count = Math.min(BAND, height - first);
      const band = data.subarray(first * width * 3, (first + count) * width * 3);
      if (stride === width * 3) memory.set(band);
      else copyWider(memory, band, width * 3);
      const outFirst = (first / 3) * 2;
      const outEnd = Math.min(out.height, outFirst + (BAND / 3) * 2);
      for (let y = outFirst; y < outEnd; y++) {
        const group = ((y - outFirst) >> 1) * 3;
        const major = (y & 1) === 0 ? group : group + 2;
        const minor = Math.min(group + 1, count - 1);
        rows.thirds(major * stride, minor * stride, out.data.byteOffset + y * out.width * 3, out.width);
      }
    }
  }

  function halve(from: Picture, out: Picture): void {
    const stride = from.width * 3;
    for (let y = 0; y < out.height; y++) {
      const above = from.data.byteOffset + y * 2 * stride;
      rows.halves(above, above + stride, out.data.byteOffset + y * out.width * 3, out.width);
    }
  }
}

/** Rows with their last pixel told twice. */
function copyWider(to: Uint8Array, rows: Uint8Array, length: number): void {
  for (let from = 0, at = 0; from < rows.length; from += length, at += length + 3) {
    const end = from + length;
    to.set(rows.subarray(from, end), at);
    to.set(rows.subarray(end - 3, end), at + length);
  }
}

function sizesOf({ width, height }: Picture): Omit<Level, 'data'>[] {
  const sizes: Omit<Level, 'data'>[] = [];
  let size = { width: Math.round((width * 2) / 3), height: Math.round((height * 2) / 3), factor: 2 / 3 };
  while (Math.min(size.width, size.height) >= SHORTEST) {
    sizes.push(size);
    size = { width: size.width >> 1, height: size.height >> 1, factor: size.factor / 2 };
  }
  return sizes;
}

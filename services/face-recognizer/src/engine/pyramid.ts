import { createPixelRows } from './pixel-rows.ts';
import { createResizer, type PixelSize, type Resizer, resizerBytes, type Room } from './resize.ts';
import { createSampler, type Sampler, SAMPLER_BYTES } from './sampler.ts';
import { type Picture, plainBytes } from './sampling.ts';
import { planScales, type Seen, type ViewedScale } from './scales.ts';
import { createTiles, type Tiles } from './tiles.ts';

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
  /** What makes the whole of one another size, and where it may put that. */
  readonly resizer: Resizer;
  readonly room: Room;
  /** What looks at parts of them, and of what the resizer made. */
  readonly tiles: Tiles;
  /** At which sizes it is to be looked at, the largest first. */
  readonly scales: readonly ViewedScale[];
}

export interface Pyramids {
  /** Good until the next one is made. */
  of(photo: Picture): Pyramid;
}

/** Levels are made as long as their shorter side has so many pixels. */
const SHORTEST = 48;
/** Rows that are brought over at a time, a multiple of three: few enough to stay in the processor's nearest memory. */
const BAND = 24;
/** What may be read and written beyond a level. */
const SLACK = 64;
/** More memory than this is not kept for the next photo. */
const MOST_KEPT = 64 * 2 ** 20;

/**
 * Makes pyramids, one at a time, in a memory that is used again and again: taking new memory costs more than what is
 * written to it.
 * @param detector what the photos are shown to
 */
export function createPyramids(detector: Seen): Pyramids {
  let rows = createPixelRows();
  let held = 0;
  /** As long as the memory is the same: what V8 compiles for a function goes with it, and would be compiled for each photo. */
  let tools: (Pick<Pyramid, 'sampler' | 'resizer' | 'tiles'> & { memory: Uint8Array }) | undefined;
  return {
    of(picture) {
      const photo: Level = { ...picture, data: plainBytes(picture.data), factor: 1 };
      const sizes = sizesOf(photo);
      const scales = planScales(photo, detector);
      const others = scales.filter((scale) => ![photo, ...sizes].some((size) => isSize(size, scale)));
      const room = others.reduce((most, { width, height }) => Math.max(most, width * height * 3), 0);
      const widest = others.reduce((most, { width }) => Math.max(most, width), 0);
      // What the bands of the photo pass through belongs to the others afterwards, who take turns.
      const bands = photo.width * 3 * BAND;
      const scratch = Math.max(bands, SAMPLER_BYTES, resizerBytes(photo.width, widest)) + SLACK;
      const bytes = sizes.reduce((sum, { width, height }) => sum + width * height * 3 + SLACK, scratch);
      if (held > MOST_KEPT) {
        rows = createPixelRows();
        tools = undefined;
      }
      held = bytes + room + SLACK;
      const memory = rows.memory(held);
      const levels: Level[] = [];
      let at = scratch;
      for (const size of sizes) {
        const level = { ...size, data: memory.subarray(at, at + size.width * size.height * 3) };
        levels.push(level);
        at += level.data.length + SLACK;
      }
      const [first, second, ...smaller] = levels;
      if (first) shrink(memory, photo, first, second);
      let before = second;
      for (const level of smaller) {
        if (before) halve(before, level, 0, level.height);
        before = level;
      }
      if (tools?.memory.buffer !== memory.buffer)
        tools = {
          memory,
          sampler: createSampler(rows, memory, 0),
          resizer: createResizer(rows, memory, 0),
          tiles: createTiles(rows, memory, 0),
        };
      const { sampler, resizer, tiles } = tools;
      return { levels: [photo, ...levels], sampler, resizer, room: { at, bytes: room }, tiles, scales };
    },
  };

  /**
   * The first two levels. The photo is not in this memory: it is brought to its beginning in bands, and what is made of
   * a band is halved while it is near.
   */
  function shrink(
    memory: Uint8Array,
    { data, width, height }: Picture,
    out: Picture,
    half: Picture | undefined,
  ): void {
    for (let first = 0; first < height; first += BAND) {
      const count = Math.min(BAND, height - first);
      memory.set(data.subarray(first * width * 3, (first + count) * width * 3));
      const outFirst = (first / 3) * 2;
      const outEnd = Math.min(out.height, outFirst + (BAND / 3) * 2);
      for (let y = outFirst; y < outEnd; y += 2) twoThirds(memory, { width, count }, y - outFirst, out, y);
      if (half) halve(out, half, outFirst >> 1, Math.min(half.height, outEnd >> 1));
    }
  }

  /** Two rows, or the last one, of those that the memory begins with. @param first of the result, within the band */
  function twoThirds(
    memory: Uint8Array,
    { width, count }: { width: number; count: number },
    first: number,
    out: Picture,
    y: number,
  ): void {
    const [stride, outStride] = [width * 3, out.width * 3];
    const group = (first >> 1) * 3;
    const [middle, bottom] = [Math.min(group + 1, count - 1), Math.min(group + 2, count - 1)];
    const [above, between, below] = [group * stride, middle * stride, bottom * stride];
    const at = out.data.byteOffset + y * outStride;
    const next = y + 1 < out.height ? at + outStride : at;
    rows.thirds(above, between, below, at, next, out.width);
    if (width % 3 !== 1) return;
    // The last pixel has no neighbour: it counts three times.
    for (let left = 1; left <= 3; left++) {
      const shared = memory[between + stride - left] as number;
      memory[next + outStride - left] = third(2 * (memory[below + stride - left] as number) + shared);
      memory[at + outStride - left] = third(2 * (memory[above + stride - left] as number) + shared);
    }
  }

  function halve(from: Picture, out: Picture, first: number, end: number): void {
    const stride = from.width * 3;
    for (let y = first; y < end; y++) {
      const above = from.data.byteOffset + y * 2 * stride;
      rows.halves(above, above + stride, out.data.byteOffset + y * out.width * 3, out.width);
    }
  }
}

const isSize = (one: PixelSize, other: PixelSize) => one.width === other.width && one.height === other.height;

/** Rounded as the rows are. */
const third = (sum: number) => (sum * 3 * 3_641 + 16_384) >> 15;

function sizesOf({ width, height }: Picture): Omit<Level, 'data'>[] {
  const sizes: Omit<Level, 'data'>[] = [];
  let size = { width: Math.round((width * 2) / 3), height: Math.round((height * 2) / 3), factor: 2 / 3 };
  while (Math.min(size.width, size.height) >= SHORTEST) {
    sizes.push(size);
    size = { width: size.width >> 1, height: size.height >> 1, factor: size.factor / 2 };
  }
  return sizes;
}

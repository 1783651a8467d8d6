import type { PixelRows } from './pixel-rows.ts';
import type { Around } from './point-rows.ts';
import type { Picture } from './sampling.ts';

/** Where the pixels of a result lie in a picture, counted from the centre of its first pixel. */
export interface Lattice {
  /** Of the result, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Of the first pixel; then from each to the next, and from each row to the next. */
  readonly x: number;
  readonly y: number;
  readonly column: readonly [x: number, y: number];
  readonly row: readonly [x: number, y: number];
}

export interface Sampler {
  /** Colours of a picture, black beyond its edges. @param into where the result goes, RGB row by row */
  sample(picture: Picture, lattice: Lattice, into: Uint8Array): void;
}

/** What of a picture is brought into the memory at a time, at most; more than a detector's square in most cases. */
const PART = 2 ** 20;
/** Pixels of the result that are made at a time. */
const RUN = 1_024;
const RUN_BYTES = RUN * 3 + 16;
/** Beside what it samples, in bytes. */
export const SAMPLER_BYTES = PART + RUN_BYTES + 16;
/** Steps that shrink more than this are the mean of four points a pixel. */
const SHRINKS = 1.2;
/** As near to a picture's last pixels, rounding may reach beyond them. */
const EDGE = 0.01;

/**
 * Samples pictures that lie in a memory, and, a part at a time, those that do not.
 * @param at address of {@link SAMPLER_BYTES} for its own use
 */
export function createSampler(rows: PixelRows, memory: Uint8Array, at: number): Sampler {
  /** Brings what a part of a lattice shows. @returns the address that the picture's first pixel would have */
  const bring = (picture: Picture, part: Lattice): { from: number; stride: number } | undefined => {
    const { data, width, height } = picture;
    if (data.buffer === memory.buffer) return { from: data.byteOffset, stride: width * 3 };
    const [left, right] = reach(part, 0, width);
    const [top, bottom] = reach(part, 1, height);
    const stride = Math.max(0, right - left) * 3;
    if (stride * (bottom - top) > PART) return undefined;
    for (let y = top, to = at + RUN_BYTES; y < bottom && stride > 0; y++, to += stride) {
      const start = (y * width + left) * 3;
      memory.set(data.subarray(start, start + stride), to);
    }
    return { from: at + RUN_BYTES - top * stride - left * 3, stride };
  };

  return {
    sample(picture, lattice, into) {
      const around = pointsOf(lattice);
      let rowsAtOnce = lattice.height;
      for (let first = 0; first < lattice.height;) {
        const part = partOf(lattice, first, Math.min(rowsAtOnce, lattice.height - first));
        const place = bring(picture, part);
        if (!place && part.height > 1) {
          rowsAtOnce = part.height >> 1;
          continue;
        }
        const result = into.subarray(first * part.width * 3);
        for (let row = 0; row < part.height; row++) {
          const inside = place ? insideOf(picture, part, row, around) : ([0, 0] as const);
          if (place) run(place, part, row, inside, around, result);
          edges(picture, part, row, inside, around, result);
        }
        first += part.height;
      }
    },
  };

  function run(
    { from, stride }: { from: number; stride: number },
    { width, x, y, column, row: down }: Lattice,
    row: number,
    [begin, end]: readonly [number, number],
    around: Around | undefined,
    into: Uint8Array,
  ): void {
    for (let first = begin; first < end; first += RUN) {
      const pixels = Math.min(RUN, end - first);
      rows.points({
        ...{ from, stride, out: at, pixels },
        x: x + first * column[0] + row * down[0],
        y: y + first * column[1] + row * down[1],
        ...{ right: column[0], down: column[1], around },
      });
      into.set(memory.subarray(at, at + pixels * 3), (row * width + first) * 3);
    }
  }
}

function partOf(lattice: Lattice, first: number, height: number): Lattice {
  const { x, y, row } = lattice;
  return { ...lattice, height, x: x + first * row[0], y: y + first * row[1] };
}

/** Points a quarter of a step away, where a pixel takes more than one. */
function pointsOf({ column, row }: Lattice): Around | undefined {
  if (Math.max(Math.hypot(...column), Math.hypot(...row)) <= SHRINKS) return undefined;
  return {
    a: [(column[0] + row[0]) / 4, (column[1] + row[1]) / 4],
    b: [(column[0] - row[0]) / 4, (column[1] - row[1]) / 4],
  };
}

/** The pixels of a picture that a lattice may touch, across (0) or down (1). */
function reach(
  { width, height, x, y, column, row }: Lattice,
  axis: 0 | 1,
  side: number,
): [first: number, end: number] {
  const start = axis === 0 ? x : y;
  const [along, down] = [column[axis] * (width - 1), row[axis] * (height - 1)];
  const near = Math.abs(column[axis]) + Math.abs(row[axis]);
  const least = start + Math.min(0, along) + Math.min(0, down) - near;
  const most = start + Math.max(0, along) + Math.max(0, down) + near;
  const first = Math.min(side, Math.max(0, Math.floor(least)));
  return [first, Math.max(first, Math.min(side, Math.ceil(most) + 2))];
}

/** The pixels of a row of which every point lies between pixels of the picture. */
function insideOf(
  { width, height }: Picture,
  { width: count, x, y, column, row: down }: Lattice,
  row: number,
  around: Around | undefined,
): readonly [begin: number, end: number] {
  const { a, b } = around ?? { a: [0, 0], b: [0, 0] };
  let [begin, end] = [0, count];
  for (const [start, step, aside, side] of [
    [x + row * down[0], column[0], Math.max(Math.abs(a[0]), Math.abs(b[0])), width],
    [y + row * down[1], column[1], Math.max(Math.abs(a[1]), Math.abs(b[1])), height],
  ] as const) {
    const [least, most] = [aside - start, side - 1 - EDGE - aside - start];
    if (step === 0) {
      if (least > 0 || most < 0) return [0, 0];
      continue;
    }
    const [low, high] = step > 0 ? [least / step, most / step] : [most / step, least / step];
    begin = Math.max(begin, Math.ceil(low));
    end = Math.min(end, Math.floor(high) + 1);
  }
  return begin < end ? [begin, end] : [0, 0];
}

/** The other pixels of a row, of which some points lie beyond the picture's edges. */
function edges(
  picture: Picture,
  lattice: Lattice,
  row: number,
  [begin, end]: readonly [number, number],
  around: Around | undefined,
  into: Uint8Array,
): void {
  const { width, x, y, column, row: down } = lattice;
  const offsets: readonly (readonly [number, number])[] = around
    ? [around.a, around.b, [-around.a[0], -around.a[1]], [-around.b[0], -around.b[1]]]
    : [[0, 0]];
  const sum = [0, 0, 0];
  for (let pixel = begin > 0 ? 0 : end; pixel < width; pixel = pixel + 1 === begin ? end : pixel + 1) {
    sum.fill(0);
    const [px, py] = [x + pixel * column[0] + row * down[0], y + pixel * column[1] + row * down[1]];
    for (const [dx, dy] of offsets) addPoint(picture, px + dx, py + dy, sum);
    for (let n = 0; n < 3; n++) into[(row * width + pixel) * 3 + n] = (sum[n] ?? 0) / offsets.length + 0.5;
  }
}

function addPoint({ data, width, height }: Picture, x: number, y: number, sum: number[]): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  if (left < -1 || top < -1 || left >= width || top >= height) return;
  const [right, below] = [x - left, y - top];
  for (let corner = 0; corner < 4; corner++) {
    const [px, py] = [left + (corner & 1), top + (corner >> 1)];
    if (px < 0 || py < 0 || px >= width || py >= height) continue;
    const weight = ((corner & 1) === 1 ? right : 1 - right) * (corner > 1 ? below : 1 - below);
    for (let n = 0; n < 3; n++) sum[n] = (sum[n] ?? 0) + weight * (data[(py * width + px) * 3 + n] ?? 0);
  }
}

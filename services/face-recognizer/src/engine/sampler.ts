import type { PixelRows } from './pixel-rows.ts';
import { FRACTIONS } from './point-rows.ts';
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
const PART_BYTES = 2 ** 20;
/** What is made of it at a time. */
const RESULT_BYTES = 2 ** 18;
/** What may be read and written beyond either. */
const SLACK = 16;
/** Beside what it samples, in bytes. */
export const SAMPLER_BYTES = PART_BYTES + RESULT_BYTES + 2 * SLACK;
/** Steps that shrink more than this are the mean of four points a pixel. */
export const SHRINKS = 1.2;
/** As near to a picture's last pixels, rounding may reach beyond them. */
const EDGE = 0.01;

/**
 * Samples pictures that lie in a memory, and, a part at a time, those that do not.
 * @param at address of {@link SAMPLER_BYTES} for its own use
 */
export function createSampler({ points }: PixelRows, memory: Uint8Array, at: number): Sampler {
  const partAt = at + RESULT_BYTES + SLACK;

  /** Brings what a part of a lattice shows. @returns the address that the picture's first pixel would have */
  const bring = (picture: Picture, part: Lattice): Place | undefined => {
    const { data, width, height } = picture;
    if (part.width * part.height * 3 > RESULT_BYTES) return undefined;
    if (data.buffer === memory.buffer) return { from: data.byteOffset, stride: width * 3 };
    const [left, right] = reach(part, 0, width);
    const [top, bottom] = reach(part, 1, height);
    const stride = (right - left) * 3;
    if (stride * (bottom - top) > PART_BYTES) return undefined;
    for (let y = top, to = partAt; y < bottom && stride > 0; y++, to += stride) {
      const start = (y * width + left) * 3;
      memory.set(data.subarray(start, start + stride), to);
    }
    return { from: partAt - top * stride - left * 3, stride };
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
        sampleRows(picture, part, { place, around, into: into.subarray(first * part.width * 3) });
        first += part.height;
      }
    },
  };

  function sampleRows(
    picture: Picture,
    part: Lattice,
    { place, around, into }: { place: Place | undefined; around: Around | undefined; into: Uint8Array },
  ): void {
    const [dx, dy] = [part.column[0] * FRACTIONS, part.column[1] * FRACTIONS];
    const [ax, ay, bx, by] = (around ?? [0, 0, 0, 0]).map((value) => value * FRACTIONS) as unknown as Around;
    const inside = place ? within(picture, part, around, undefined) : roomFor('inside', part.height * 2);
    for (let row = 0; row < part.height && place; row++) {
      const [begin, end] = [inside[row * 2] as number, inside[row * 2 + 1] as number];
      if (begin === end) continue;
      const x = (part.x + row * part.row[0]) * FRACTIONS + begin * dx;
      const y = (part.y + row * part.row[1]) * FRACTIONS + begin * dy;
      const out = at + (row * part.width + begin) * 3;
      if (around) points.four(place.from, place.stride, out, end - begin, x, y, dx, dy, ax, ay, bx, by);
      else points.one(place.from, place.stride, out, end - begin, x, y, dx, dy);
    }
    if (place) into.set(memory.subarray(at, at + part.width * part.height * 3));
    if (isAll(inside, part.width)) return;
    const touched = within(picture, part, around, 'edges');
    for (let row = 0; row < part.height; row++) {
      const [begin, end] = [inside[row * 2] as number, inside[row * 2 + 1] as number];
      const [first, last] = [touched[row * 2] as number, touched[row * 2 + 1] as number];
      const line = into.subarray(row * part.width * 3, (row + 1) * part.width * 3);
      line.fill(0, 0, first * 3);
      line.fill(0, last * 3);
      // Where none lies wholly inside, all that touch it are at its edges.
      const [until, from] = begin < end ? [begin, end] : [first, first];
      for (let pixel = first; pixel < until; pixel++) edgePixel(picture, part, row, pixel, around, line);
      for (let pixel = from; pixel < last; pixel++) edgePixel(picture, part, row, pixel, around, line);
    }
  }
}

/** Whether every row begins at 0 and ends at its width. */
function isAll(inside: Int32Array, width: number): boolean {
  for (let n = 0; n < inside.length; n++) if (inside[n] !== (n % 2) * width) return false;
  return true;
}

/** Where a picture's first pixel is, or would be, and the bytes of a row. */
interface Place {
  readonly from: number;
  readonly stride: number;
}

/** Two places a quarter of a step away. */
type Around = readonly [ax: number, ay: number, bx: number, by: number];

function partOf(lattice: Lattice, first: number, height: number): Lattice {
  const { x, y, row } = lattice;
  return { ...lattice, height, x: x + first * row[0], y: y + first * row[1] };
}

/** Which points a pixel takes beside its own place, where it takes more than that. */
function pointsOf({ column, row }: Lattice): Around | undefined {
  if (Math.max(Math.hypot(...column), Math.hypot(...row)) <= SHRINKS) return undefined;
  const [right, down] = [column[0] / 4, column[1] / 4];
  const [rowRight, rowDown] = [row[0] / 4, row[1] / 4];
  return [right + rowRight, down + rowDown, right - rowRight, down - rowDown];
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

/**
 * Of each row, where the pixels begin and end of which every point lies between pixels of a picture; or, with `edges`,
 * any point within a pixel of it.
 */
function within(
  { width, height }: Picture,
  lattice: Lattice,
  around: Around | undefined,
  edges: 'edges' | undefined,
): Int32Array {
  const { column, row: down } = lattice;
  const [ax, ay, bx, by] = around ?? [0, 0, 0, 0];
  const asideX = Math.max(Math.abs(ax), Math.abs(bx)) * (edges ? -1 : 1);
  const asideY = Math.max(Math.abs(ay), Math.abs(by)) * (edges ? -1 : 1);
  const [before, after] = edges ? [-1, 0] : [0, -1 - EDGE];
  const found = roomFor(edges ? 'touched' : 'inside', lattice.height * 2);
  for (let row = 0; row < lattice.height; row++) {
    const [x, y] = [lattice.x + row * down[0], lattice.y + row * down[1]];
    const [fromX, toX] = between(before + asideX - x, width + after - asideX - x, column[0]);
    const [fromY, toY] = between(before + asideY - y, height + after - asideY - y, column[1]);
    const begin = Math.ceil(Math.max(0, fromX, fromY));
    const end = Math.floor(Math.min(lattice.width - 1, toX, toY)) + 1;
    if (begin >= end) continue;
    found[row * 2] = begin;
    found[row * 2 + 1] = end;
  }
  return found;
}

/** From which to which number of steps the sum lies between two values. */
function between(least: number, most: number, step: number): [from: number, to: number] {
  if (step > 0) return [least / step, most / step];
  if (step < 0) return [most / step, least / step];
  return least <= 0 && most >= 0 ? [-Infinity, Infinity] : [0, -1];
}

/** Where the pixels of rows begin and end, one use after the other: each thread has its own. */
const bounds = { inside: new Int32Array(0), touched: new Int32Array(0) };

function roomFor(kind: keyof typeof bounds, numbers: number): Int32Array {
  if (bounds[kind].length < numbers) bounds[kind] = new Int32Array(numbers);
  return bounds[kind].subarray(0, numbers).fill(0);
}

const sum = [0, 0, 0];

/** A pixel of which some points lie beyond the picture's edges. */
function edgePixel(
  picture: Picture,
  { x, y, column, row: down }: Lattice,
  row: number,
  pixel: number,
  around: Around | undefined,
  line: Uint8Array,
): void {
  sum.fill(0);
  const [ax, ay, bx, by] = around ?? [0, 0, 0, 0];
  const px = x + pixel * column[0] + row * down[0];
  const py = y + pixel * column[1] + row * down[1];
  addPoint(picture, px + ax, py + ay, sum);
  if (around) {
    addPoint(picture, px + bx, py + by, sum);
    addPoint(picture, px - ax, py - ay, sum);
    addPoint(picture, px - bx, py - by, sum);
  }
  const share = around ? 0.25 : 1;
  for (let n = 0; n < 3; n++) line[pixel * 3 + n] = (sum[n] ?? 0) * share + 0.5;
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

/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { BLOCK_HEIGHT, BLOCK_WIDTH, type BlockSet, type Grid } from './grid.ts';
import type { View } from './view.ts';

const { abs, max, min } = Math;

/** How large a pointer is at most, and of how many pixels it is made, in the analysed frames. */
const MOST_BLOCKS = 9;
const MOST_WIDTH = 22;
const MOST_HEIGHT = 30;
const LEAST_PIXELS = 12;
const MOST_PIXELS = 160;
/** Grey levels by which its pixels differ from place to place, as it lies between pixels; the share that differ by less. */
const ALIKE = 40;
const ALIKE_SHARE = 0.8;
/** The share that was something else there before. */
const FRESH_SHARE = 0.7;

interface Shape {
  readonly pixels: Int32Array;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What is gone from some blocks between two views, and may have come elsewhere. */
export interface Departure {
  readonly blocks: readonly number[];
  readonly views: readonly [View, View];
  /** Tells of a pixel of the first view. */
  readonly isGone: (at: number) => boolean;
  /** Blocks that gained something. */
  readonly added: BlockSet;
  readonly grid: Grid;
  /** See {@link leastInk}. */
  readonly least: number;
}

/** Whether it has come elsewhere just as it was: a pointer that rested there, then here. */
export function hasMoved(departure: Departure): boolean {
  return movedShape(departure, false) !== undefined;
}

/** A pointer as it was seen: what it is filled with, and what that ends at. */
export interface Pointer {
  readonly width: number;
  readonly height: number;
  readonly level: number;
  readonly core: readonly Spot[];
  readonly rim: readonly Spot[];
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** The pointer that was in some blocks, and now is elsewhere; see {@link hasMoved}. */
export function pointerIn(departure: Departure): Pointer | undefined {
  const shape = movedShape(departure, true);
  return shape && pointerOf(shape, departure.views[0].picture, departure.grid);
}

/** @param isLoose also where it lies between other pixels than before */
function movedShape(
  { blocks, views: [a, b], isGone, added, grid, least }: Departure,
  isLoose: boolean,
): Shape | undefined {
  if (blocks.length > MOST_BLOCKS) return undefined;
  const shape = shapeOf(blocks, isGone, grid);
  const { pixels, left, right, top, bottom } = shape;
  if (pixels.length < LEAST_PIXELS || pixels.length > MOST_PIXELS) return undefined;
  if (right - left > MOST_WIDTH || bottom - top > MOST_HEIGHT) return undefined;
  const isHere = finderOf(levelsOf(pixels, a.picture, grid, isLoose), a.picture, b.picture, least);
  const { width, height, columns } = grid;
  const isElsewhere = added.some((gained, block) => {
    if (gained === 0 || blocks.includes(block)) return false;
    const [x, y] = [(block % columns) * BLOCK_WIDTH, Math.floor(block / columns) * BLOCK_HEIGHT];
    const [endX, endY] = [
      min(x + BLOCK_WIDTH, width - right + left),
      min(y + BLOCK_HEIGHT, height - bottom + top),
    ];
    for (let row = y; row < endY; row++) {
      for (let column = x; column < endX; column++) {
        if (isHere((row - top) * width + column - left)) return true;
      }
    }
    return false;
  });
  return isElsewhere ? shape : undefined;
}

/** Undefined for one that has no inside. */
function pointerOf(
  { pixels, left, right, top, bottom }: Shape,
  picture: Uint8Array,
  { width, height }: Grid,
): Pointer | undefined {
  const rows = new Map<number, { from: number; to: number }>();
  for (const at of pixels) {
    const [y, x] = [Math.floor(at / width), at % width];
    const { from, to } = rows.get(y) ?? { from: x, to: x };
    rows.set(y, { from: min(from, x), to: max(to, x) });
  }
  const inside = [...rows].flatMap(([y, { from, to }]) =>
    Array.from({ length: max(0, to - from - 1) }, (_, n) => y * width + from + 1 + n),
  );
  const levels = inside.map((at) => picture[at]!).sort((a, b) => a - b);
  const level = levels[levels.length >> 1] ?? 0;
  const core = inside.filter((at) => abs(picture[at]! - level) <= ALIKE);
  if (core.length < LEAST_CORE) return undefined;
  const own = new Set(core);
  const rim = new Set<number>();
  for (const at of core) {
    for (const [dx, dy] of beside) {
      const [x, y] = [(at % width) + dx, Math.floor(at / width) + dy];
      const near = y * width + x;
      if (x < 0 || x >= width || y < 0 || y >= height || own.has(near)) continue;
      if (abs(picture[near]! - level) > ALIKE) rim.add(near);
    }
  }
  const spot = (at: number): Spot => ({ x: (at % width) - left, y: Math.floor(at / width) - top });
  const size = { width: right - left + 1, height: bottom - top + 1 };
  return { ...size, level, core: core.map(spot), rim: [...rim].map(spot) };
}

const LEAST_CORE = 8;
const beside = [-2, -1, 1, 2].flatMap((by) => [[by, 0] as const, [0, by] as const]);

/** Share of the rim of a pointer that must be unlike it: a plain of its colour has none. */
const RIM_SHARE = 0.9;

export interface Place {
  /** Of the upper left pixel. */
  readonly x: number;
  readonly y: number;
}

/** A letter may look much like a pointer: so many places where one may be are told. */
const MOST_PLACES = 3;

/** Where the pointer may lie in a view, best first. */
export function findPointer(pointer: Pointer, view: View, grid: Grid): Place[] {
  const { width, height, level, core } = pointer;
  const { picture } = view;
  const offsets = Int32Array.from(core, ({ x, y }) => y * grid.width + x);
  const inside = offsets[offsets.length >> 1] ?? 0;
  const most = (1 - ALIKE_SHARE) * core.length;
  const ends = endsOf(pointer, picture, grid);
  const mayBegin = beginningsOf(pointer, view, grid);
  const found: (Place & { distance: number })[] = [];
  for (let y = 0; y <= grid.height - height; y++) {
    const row = grid.rowStart[y]!;
    for (let x = 0; x <= grid.width - width; x++) {
      if (mayBegin[row + grid.columnOf[x]!] === 0) continue;
      const start = y * grid.width + x;
      // On a plain of its colour it is told by its rim, elsewhere by what it is filled with.
      const isFilled = abs(picture[start + inside]! - level) <= ALIKE;
      if (isFilled && !ends(x, y)) continue;
      let [distance, unlike] = [0, 0];
      for (let n = 0; n < offsets.length && unlike <= most; n++) {
        const by = abs(picture[start + offsets[n]!]! - level);
        distance += by;
        if (by > ALIKE) unlike++;
      }
      if (unlike <= most && (isFilled || ends(x, y))) found.push({ x, y, distance });
    }
  }
  const places: Place[] = [];
  for (const place of found.sort((a, b) => a.distance - b.distance)) {
    const isApart = ({ x, y }: Place) => abs(x - place.x) >= width || abs(y - place.y) >= height;
    if (places.length < MOST_PLACES && places.every(isApart)) places.push(place);
  }
  return places;
}

/** Blocks in which its upper left pixel may lie: there is something like it and something unlike it within its reach. */
function beginningsOf(
  { width, height, level, rim }: Pointer,
  { background, peak }: View,
  grid: Grid,
): BlockSet {
  const { columns, rows } = grid;
  const apart = background.map((grey) => abs(grey - level));
  const mayBegin = new Uint8Array(apart.length);
  for (let block = 0; block < mayBegin.length; block++) {
    const [row, column] = [Math.floor(block / columns), block % columns];
    const right = min(columns - 1, Math.floor(((column + 1) * BLOCK_WIDTH + width) / BLOCK_WIDTH));
    const bottom = min(rows - 1, Math.floor(((row + 1) * BLOCK_HEIGHT + height) / BLOCK_HEIGHT));
    // At the sides of the picture nothing of its rim may be seen.
    const isAtSide = row === 0 || column === 0 || right === columns - 1 || bottom === rows - 1;
    let [isLike, isUnlike] = [false, isAtSide || rim.length === 0];
    for (let y = max(0, row - 1); y <= bottom; y++) {
      for (let near = y * columns + max(0, column - 1); near <= y * columns + right; near++) {
        isLike ||= apart[near]! - peak[near]! <= ALIKE;
        isUnlike ||= apart[near]! + peak[near]! > ALIKE;
      }
    }
    if (isLike && isUnlike) mayBegin[block] = 1;
  }
  return mayBegin;
}

/** Tells whether what is around a place is unlike what the pointer is filled with. */
function endsOf(
  { level, rim }: Pointer,
  picture: Uint8Array,
  { width, height }: Grid,
): (x: number, y: number) => boolean {
  const across = Int16Array.from(rim, ({ x }) => x);
  const down = Int16Array.from(rim, ({ y }) => y);
  const mostLike = (1 - RIM_SHARE) * rim.length + 1e-6;
  return (x, y) => {
    let [unlike, all] = [0, 0];
    for (let n = 0; n < across.length; n++) {
      const column = x + across[n]!;
      const row = y + down[n]!;
      if (column < 0 || column >= width || row < 0 || row >= height) continue;
      all++;
      if (abs(picture[row * width + column]! - level) > ALIKE) unlike++;
      else if (all - unlike > mostLike) return false;
    }
    return unlike >= RIM_SHARE * all;
  };
}

/** Adds the blocks that a pointer hides, and its edges. */
export function hideUnder(pointer: Pointer, { x, y }: Place, grid: Grid, hidden: BlockSet): void {
  const { width, height, columnOf, rowStart } = grid;
  for (let row = max(0, y - 2); row < min(height, y + pointer.height + 2); row++) {
    for (let column = max(0, x - 2); column < min(width, x + pointer.width + 2); column++) {
      hidden[rowStart[row]! + columnOf[column]!] = 1;
    }
  }
}

/** Pixels, and the grey levels that each may have to be as it was. */
interface Levels {
  readonly pixels: Int32Array;
  readonly low: Int16Array;
  readonly high: Int16Array;
}

function levelsOf(pixels: Int32Array, picture: Uint8Array, { width }: Grid, isLoose: boolean): Levels {
  // Where it lies between pixels, each is something between it and those beside it.
  const near = isLoose ? [0, -1, 1, -width, width] : [0];
  const by = isLoose ? ALIKE / 2 : ALIKE;
  return {
    pixels,
    low: Int16Array.from(pixels, (at) => min(...near.map((other) => picture[at + other] ?? 255)) - by),
    high: Int16Array.from(pixels, (at) => max(...near.map((other) => picture[at + other] ?? 0)) + by),
  };
}

/**
 * Tells whether pixels of one picture are in another, so far from where they were, and were not there before.
 * @param least see {@link leastInk}
 */
function finderOf(
  { pixels, low, high }: Levels,
  before: Uint8Array,
  now: Uint8Array,
  least: number,
): (by: number) => boolean {
  const count = pixels.length;
  const mostOther = count - ALIKE_SHARE * count;
  const mostStale = count - FRESH_SHARE * count;
  return (by) => {
    let [other, stale] = [0, 0];
    // At most places a few pixels tell.
    for (let n = 0; n < count; n++) {
      const level = now[pixels[n]! + by]!;
      const was = level - before[pixels[n]! + by]!;
      if (level < low[n]! || level > high[n]!) other++;
      if (was <= least && was >= -least) stale++;
      if (other > mostOther || stale > mostStale) return false;
    }
    return true;
  };
}

function shapeOf(blocks: readonly number[], isGone: (at: number) => boolean, grid: Grid): Shape {
  const { width, height, columns } = grid;
  const pixels: number[] = [];
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (const block of blocks) {
    const [x, y] = [(block % columns) * BLOCK_WIDTH, Math.floor(block / columns) * BLOCK_HEIGHT];
    for (let row = y; row < min(y + BLOCK_HEIGHT, height); row++) {
      for (let column = x; column < min(x + BLOCK_WIDTH, width); column++) {
        const at = row * width + column;
        if (!isGone(at)) continue;
        pixels.push(at);
        [left, right] = [min(left, column), max(right, column)];
        [top, bottom] = [min(top, row), max(bottom, row)];
      }
    }
  }
  return { pixels: Int32Array.from(pixels), left, right, top, bottom };
}

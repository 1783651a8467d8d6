/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { BLOCK_HEIGHT, BLOCK_WIDTH, type BlockSet, type Grid } from './grid.ts';
import type { View } from './view.ts';

const { max, min } = Math;

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

/**
 * Whether what is gone from some blocks has come elsewhere just as it was: a pointer that rested there, then here.
 * @param isGone tells of a pixel of `a`
 * @param added blocks that gained something
 * @param least see {@link leastInk}
 */
export function hasMoved(
  blocks: readonly number[],
  [a, b]: readonly [View, View],
  isGone: (at: number) => boolean,
  added: BlockSet,
  grid: Grid,
  least: number,
): boolean {
  if (blocks.length > MOST_BLOCKS) return false;
  const shape = shapeOf(blocks, isGone, grid);
  const { pixels, left, right, top, bottom } = shape;
  if (pixels.length < LEAST_PIXELS || pixels.length > MOST_PIXELS) return false;
  if (right - left > MOST_WIDTH || bottom - top > MOST_HEIGHT) return false;
  const isHere = finderOf(pixels, a.picture, b.picture, least);
  const { width, height, columns } = grid;
  return added.some((gained, block) => {
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
}

/**
 * Tells whether pixels of one picture are in another, so far from where they were, and were not there before.
 * @param least see {@link leastInk}
 */
function finderOf(
  pixels: Int32Array,
  before: Uint8Array,
  now: Uint8Array,
  least: number,
): (by: number) => boolean {
  const count = pixels.length;
  const levels = Uint8Array.from(pixels, (at) => before[at]!);
  const mostOther = count - ALIKE_SHARE * count;
  const mostStale = count - FRESH_SHARE * count;
  return (by) => {
    let [other, stale] = [0, 0];
    // At most places a few pixels tell.
    for (let n = 0; n < count; n++) {
      const level = now[pixels[n]! + by]!;
      const from = level - levels[n]!;
      const was = level - before[pixels[n]! + by]!;
      if (from > ALIKE || from < -ALIKE) other++;
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

/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import {
  BLOCK_HEIGHT,
  BLOCK_WIDTH,
  type BlockSet,
  blocksOf,
  type Grid,
  sizeOf,
  widen,
  wordsOf,
} from './grid.ts';
import { distance, higher } from './whole-numbers.ts';

const { max, min } = Math;

/** How far a picture's content is from what it lies on, and what that was told from. */
export interface Contrasts {
  readonly picture: Uint8Array;
  /** How far each pixel is from its background, in grey levels. */
  readonly contrast: Uint8Array;
  /** The highest contrast in each block. */
  readonly peak: Uint8Array;
  /** Of each block. */
  readonly background: Uint8Array;
}

/** And of each block how many pixels of each `LEVELS_PER_BIN` grey levels it has, so that a change can be counted in. */
export interface CountedContrasts extends Contrasts {
  readonly counts: Uint16Array;
}

const LEVELS_PER_BIN = 8;
const BINS = 256 / LEVELS_PER_BIN;

/**
 * The background of a block is the grey level that is most frequent in it and around it.
 * @param known those of a picture before: only what has changed since is told anew
 */
export function contrastsOf(picture: Uint8Array, grid: Grid, known?: CountedContrasts): CountedContrasts {
  const blocks = blocksOf(grid);
  const changed = known ? changedBlocks(picture, known.picture, grid) : new Uint8Array(blocks).fill(1);
  if (known && sizeOf(changed) === 0) return known;
  const counts = known ? known.counts.slice() : new Uint16Array(blocks * BINS);
  const background = known ? known.background.slice() : new Uint8Array(blocks);
  const contrast = known ? known.contrast.slice() : new Uint8Array(picture.length);
  const peak = known ? known.peak.slice() : new Uint8Array(blocks);
  for (let block = 0; block < blocks; block++) {
    if (changed[block] === 1) countLevels(picture, block, grid, counts);
  }
  const around = widen(changed, grid);
  const levelOf = createBackgrounds(counts, grid);
  for (let block = 0; block < blocks; block++) {
    if (around[block] === 0) continue;
    const level = levelOf(block);
    if (changed[block] === 0 && level === background[block]) continue;
    background[block] = level;
    peak[block] = measure(picture, block, level, grid, contrast);
  }
  return { picture, contrast, peak, background, counts };
}

/** Those of a picture whose backgrounds are known. */
export function contrastsOn(picture: Uint8Array, background: Uint8Array, grid: Grid): Contrasts {
  const contrast = new Uint8Array(picture.length);
  const peak = background.map((level, block) => measure(picture, block, level, grid, contrast));
  return { picture, contrast, peak, background };
}

function changedBlocks(picture: Uint8Array, known: Uint8Array, grid: Grid): BlockSet {
  const { width, columnOf, rowStart } = grid;
  const changed = new Uint8Array(blocksOf(grid));
  const [now, then] = [wordsOf(picture), wordsOf(known)];
  for (let word = 0; word < now.length; word++) {
    if (now[word] === then[word]) continue;
    // Where the width is no multiple of four, two of the four may lie in the next block or row; both ends are taken.
    for (const at of [4 * word, 4 * word + 3])
      changed[rowStart[Math.floor(at / width)]! + columnOf[at % width]!] = 1;
  }
  return changed;
}

/** Calls for each row of a block with the first pixel of it, and the one behind its last. */
function eachRow(
  block: number,
  { width, height, columns }: Grid,
  row: (from: number, to: number) => void,
): void {
  const left = (block % columns) * BLOCK_WIDTH;
  const top = Math.floor(block / columns) * BLOCK_HEIGHT;
  const length = min(width - left, BLOCK_WIDTH);
  for (let y = top; y < min(height, top + BLOCK_HEIGHT); y++)
    row(y * width + left, y * width + left + length);
}

function countLevels(picture: Uint8Array, block: number, grid: Grid, counts: Uint16Array): void {
  const first = block * BINS;
  counts.fill(0, first, first + BINS);
  eachRow(block, grid, (from, to) => {
    for (let at = from; at < to; at++) counts[first + (picture[at]! >> 3)]!++;
  });
}

function measure(
  picture: Uint8Array,
  block: number,
  level: number,
  grid: Grid,
  contrast: Uint8Array,
): number {
  let peak = 0;
  eachRow(block, grid, (from, to) => {
    for (let at = from; at < to; at++) peak = higher(peak, (contrast[at] = distance(picture[at]!, level)));
  });
  return peak;
}

/** Tells the background of a block from the levels in it and around it. */
function createBackgrounds(counts: Uint16Array, { columns, rows }: Grid): (block: number) => number {
  const sum = new Uint32Array(BINS + 2);
  return (block) => {
    sum.fill(0);
    const [row, column] = [Math.floor(block / columns), block % columns];
    const [left, right] = [max(0, column - 1), min(columns - 1, column + 1)];
    for (let y = max(0, row - 1); y <= min(rows - 1, row + 1); y++) {
      const own = (y * columns + column) * BINS;
      // At the sides of the picture, those beyond count nothing.
      const [before, behind] = [(y * columns + left) * BINS, (y * columns + right) * BINS];
      const [one, other] = [left < column ? 1 : 0, right > column ? 1 : 0];
      for (let bin = 0; bin < BINS; bin++) {
        sum[bin + 1]! += one * counts[before + bin]! + counts[own + bin]! + other * counts[behind + bin]!;
      }
    }
    return mostFrequent(sum);
  };
}

/** The level around which most pixels are, to a fraction of a bin. @param sum of each bin, between two empty ones */
function mostFrequent(sum: Uint32Array): number {
  let best = 1;
  let weight = -1;
  for (let bin = 1; bin <= BINS; bin++) {
    const own = 2 * sum[bin]! + sum[bin - 1]! + sum[bin + 1]!;
    if (own <= weight) continue;
    weight = own;
    best = bin;
  }
  const [below, own, above] = [sum[best - 1]!, sum[best]!, sum[best + 1]!];
  const middle = (best - 0.5) * LEVELS_PER_BIN;
  return Math.round(middle + (LEVELS_PER_BIN * (above - below)) / max(1, below + own + above));
}

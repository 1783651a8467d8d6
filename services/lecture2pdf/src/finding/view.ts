/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type BlockSet, blocksOf, type Grid, sizeOf } from './grid.ts';

const { abs, max, min } = Math;

/** What lasts in a stretch of the video. */
export interface View {
  /** Grey levels, without what passes. */
  readonly picture: Uint8Array;
  /** How far each pixel is from its background, in grey levels. */
  readonly contrast: Uint8Array;
  /** The highest contrast in each block. */
  readonly peak: Uint8Array;
  /** Blocks that count: nothing moved in them. */
  readonly calm: BlockSet;
}

/** What it takes to tell a change in a video. */
export interface Grain {
  /** See {@link Motion}. */
  readonly noise: number;
  /** True for a camera that is not quite still. */
  readonly shaky: boolean;
}

/** Pixels that a block must have of something. */
export const LEAST_PIXELS = 5;
const LEAST_INK = 20;
const NOISE_FACTOR = 3.5;

/** How far from its background a pixel of writing is, and how much one changes, at least; in grey levels. */
export const leastInk = ({ noise }: Grain): number => max(LEAST_INK, NOISE_FACTOR * noise);

export function viewOf(picture: Uint8Array, calm: BlockSet, grid: Grid): View {
  const contrast = contrastOf(picture, grid);
  return { picture, calm, contrast, peak: peaksOf(contrast, grid) };
}

function peaksOf(contrast: Uint8Array, grid: Grid): Uint8Array {
  const { width, height, columnOf, rowStart } = grid;
  const peaks = new Uint8Array(blocksOf(grid));
  for (let y = 0, at = 0; y < height; y++) {
    const start = rowStart[y]!;
    for (let x = 0; x < width; x++, at++) {
      const block = start + columnOf[x]!;
      if (contrast[at]! > peaks[block]!) peaks[block] = contrast[at]!;
    }
  }
  return peaks;
}

/** A view that shows what either shows, and what both show as the first does. */
export function joined(view: View, other: View, grid: Grid): View {
  const fresh = view.calm.map((calm, block) => (calm === 0 && other.calm[block] === 1 ? 1 : 0));
  if (sizeOf(fresh) === 0) return view;
  const { width, height, columnOf, rowStart } = grid;
  const picture = Uint8Array.from(view.picture);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (fresh[rowStart[y]! + columnOf[x]!] === 1) picture[at] = other.picture[at]!;
    }
  }
  return viewOf(
    picture,
    view.calm.map((calm, block) => calm | fresh[block]!),
    grid,
  );
}

/** The view without some of its blocks. */
export function without(view: View, hidden: BlockSet): View {
  return { ...view, calm: view.calm.map((calm, block) => calm & (1 - hidden[block]!)) };
}

/** Calm blocks with writing, or other content, in them. */
export function inkBlocks(view: View, grid: Grid, grain: Grain): number {
  const counts = inkIn(view, grid, leastInk(grain));
  return counts.reduce(
    (sum, count, block) => sum + (view.calm[block] === 1 && count >= LEAST_PIXELS ? 1 : 0),
    0,
  );
}

/** A view as it is kept: a lecture of hours has hundreds. */
export interface PackedView {
  readonly calm: BlockSet;
  /** Pixels of content in each block. */
  readonly ink: Uint16Array;
  readonly packed: Buffer;
}

export function pack(view: View, grid: Grid): PackedView {
  const { calm, picture } = view;
  return { calm, ink: inkIn(view, grid, LEAST_INK), packed: deflateRawSync(picture, { level: 1 }) };
}

export function unpack({ calm, packed }: PackedView, grid: Grid): View {
  return viewOf(new Uint8Array(inflateRawSync(packed)), calm, grid);
}

/** From this on, two views are surely of two slides. */
const UNLIKE = 0.6;

/** Asked before the pixels are. */
export const mayBeAlike = (a: PackedView, b: PackedView): boolean => unlikeness(a, b) <= UNLIKE;

/** Share of the content of both that is in other blocks. */
export function unlikeness(a: PackedView, b: PackedView): number {
  let [difference, all] = [0, 0];
  for (let block = 0; block < a.calm.length; block++) {
    if (a.calm[block] === 0 || b.calm[block] === 0) continue;
    const [one, other] = [a.ink[block]!, b.ink[block]!];
    difference += abs(one - other);
    all += max(one, other);
  }
  return all === 0 ? 0 : difference / all;
}

function inkIn({ contrast, calm }: View, grid: Grid, least: number): Uint16Array {
  const { width, height, columnOf, rowStart } = grid;
  const counts = new Uint16Array(calm.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) if (contrast[at]! > least) counts[rowStart[y]! + columnOf[x]!]!++;
  }
  return counts;
}

const LEVELS_PER_BIN = 8;
const BINS = 256 / LEVELS_PER_BIN;

/** The background of a block is the grey level that is most frequent in it and around it. */
function contrastOf(picture: Uint8Array, grid: Grid): Uint8Array {
  const { width, height, columnOf, rowStart } = grid;
  const background = backgrounds(histograms(picture, grid), grid);
  const contrast = new Uint8Array(picture.length);
  for (let y = 0, at = 0; y < height; y++) {
    const start = rowStart[y]!;
    for (let x = 0; x < width; x++, at++)
      contrast[at] = abs(picture[at]! - background[start + columnOf[x]!]!);
  }
  return contrast;
}

function histograms(picture: Uint8Array, grid: Grid): Uint16Array {
  const { width, height, columnOf, rowStart } = grid;
  const counts = new Uint16Array(blocksOf(grid) * BINS);
  for (let y = 0, at = 0; y < height; y++) {
    const start = rowStart[y]!;
    for (let x = 0; x < width; x++, at++) counts[(start + columnOf[x]!) * BINS + (picture[at]! >> 3)]!++;
  }
  return counts;
}

function backgrounds(counts: Uint16Array, { columns, rows }: Grid): Uint8Array {
  const background = new Uint8Array(columns * rows);
  const sum = new Uint32Array(BINS + 2);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      sum.fill(0);
      for (let y = max(0, row - 1); y <= min(rows - 1, row + 1); y++) {
        for (let x = max(0, column - 1); x <= min(columns - 1, column + 1); x++) {
          const from = (y * columns + x) * BINS;
          for (let bin = 0; bin < BINS; bin++) sum[bin + 1]! += counts[from + bin]!;
        }
      }
      background[row * columns + column] = mostFrequent(sum);
    }
  }
  return background;
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

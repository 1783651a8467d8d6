import { compare } from './comparison.ts';
import { type BlockSet, blocksOf, type Grid } from './grid.ts';
import { FRAME_RATE, type Shot } from './shots.ts';
import type { Pausing } from './turns.ts';
import { unpack } from './view.ts';

/** Captions lie in a band at the bottom, and are no higher than this share of the picture. */
const BAND_TOP = 0.6;
const BAND_HEIGHT = 0.24;
/** They come and go at least so often. */
const USUAL_PAUSE = 6 * FRAME_RATE;
/** Two lines of them at the very bottom, which change so often at least. */
const LINES_TOP = 0.8;
const LINES_HEIGHT = 0.14;
const LONGER_PAUSE = 10 * FRAME_RATE;
/** How long they may be away, and so few of them are none. */
const LONGEST_PAUSE = 60 * FRAME_RATE;
const FEWEST = 3;

/** Blocks that words take: a pointer takes fewer. */
const FEWEST_BLOCKS = 3;
/** A row of blocks is theirs when this share of them touches it. */
const OFTEN = 0.4;

/** A change between two shots in the band: alone, or words for words while more comes above. */
interface Step {
  readonly frame: number;
  /** Rows of blocks, both included. */
  readonly top: number;
  readonly bottom: number;
  readonly isAlone: boolean;
  /** Something is gone there, and something has come. */
  readonly replaces: boolean;
}

/** For each shot, the blocks in which words come and go every few seconds while all else stays; undefined where none are. */
export function* captionBlocks(shots: readonly Shot[], grid: Grid): Pausing<(BlockSet | undefined)[]> {
  const all: Step[] = [];
  for (const [index, shot] of shots.entries()) {
    const step = stepTo(shot, shots[index - 1], grid);
    if (step) all.push(step);
    yield;
  }
  const steps = captionSteps(all, grid);
  return shots.map(({ from, to }) => {
    const near = steps.filter(({ frame }) => frame > from - LONGEST_PAUSE && frame < to + LONGEST_PAUSE);
    return near.length < 2 ? undefined : bandOf(near, grid);
  });
}

/**
 * Those that captions make: alone every few seconds; or less often at the very bottom, where words make way for words,
 * whatever comes above. None where there are no captions.
 */
function captionSteps(all: readonly Step[], { rows }: Grid): Step[] {
  const alone = all.filter(({ isAlone }) => isAlone);
  if (areMany(alone, USUAL_PAUSE)) return alone;
  const lines = all.filter(
    ({ replaces, top, bottom }) => replaces && top > LINES_TOP * rows && bottom - top < LINES_HEIGHT * rows,
  );
  return areMany(lines, LONGER_PAUSE) ? lines : [];
}

function areMany(steps: readonly Step[], longest: number): boolean {
  const pauses = steps
    .flatMap((step, index) => step.frame - (steps[index - 1]?.frame ?? NaN))
    .filter((pause) => pause >= 0);
  const usual = pauses.sort((a, b) => a - b)[Math.floor(pauses.length / 2)] ?? Infinity;
  return steps.length >= FEWEST && usual <= longest;
}

function stepTo(shot: Shot, before: Shot | undefined, grid: Grid): Step | undefined {
  if (!before) return undefined;
  const { lost, added } = compare(unpack(before.view, grid), unpack(shot.view, grid), grid, shot.grain);
  const rowsOf = (set: BlockSet) =>
    [...set.keys()].filter((block) => set[block] === 1).map((block) => Math.floor(block / grid.columns));
  const [gone, come] = [rowsOf(lost), rowsOf(added)];
  const isLow = (row: number) => row > BAND_TOP * grid.rows;
  const rows = [...gone, ...come].filter(isLow);
  const isAlone = rows.length === gone.length + come.length;
  const replaces = gone.some(isLow) && come.some(isLow);
  if (rows.length < FEWEST_BLOCKS || (!isAlone && !replaces)) return undefined;
  const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
  return bottom - top < BAND_HEIGHT * grid.rows
    ? { frame: shot.from, top, bottom, isAlone, replaces }
    : undefined;
}

function bandOf(steps: readonly Step[], grid: Grid): BlockSet | undefined {
  const often = Array.from({ length: grid.rows }, (_, row) => {
    const touching = steps.filter(({ top, bottom }) => top <= row && row <= bottom);
    return touching.length >= OFTEN * steps.length;
  });
  if (!often.includes(true)) return undefined;
  const [top, bottom] = [Math.max(0, often.indexOf(true) - 1), often.lastIndexOf(true) + 1];
  return new Uint8Array(blocksOf(grid)).fill(1, top * grid.columns, (bottom + 1) * grid.columns);
}

/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { around, type BlockSet, blocksOf, componentsOf, type Grid, sizeOf } from './grid.ts';
import { changeOf } from './motion.ts';
import { switchedBoxes } from './overlays.ts';
import { hasMoved } from './pointer.ts';
import { type Grain, LEAST_PIXELS, leastInk, type View } from './view.ts';

const { abs, max } = Math;

/** Where something was and something else is now; not where a pointer was that is elsewhere. */
export interface Patch {
  readonly blocks: readonly number[];
  /** Pixels of what is gone, and of what is new. */
  readonly lost: number;
  readonly added: number;
  /** The same with the blocks around it. */
  readonly widerLost: number;
  readonly widerAdded: number;
  /** Nothing else has changed, in a picture without noise. */
  readonly isAlone: boolean;
  /** Next to nothing beside it is new: it is as large as what has come, not the edge of something larger. */
  readonly isWhole: boolean;
}

/** What became of the content from one view to the next, in the blocks that are calm in both. */
export interface Comparison {
  /** Blocks that count, as a share of all. */
  readonly common: number;
  /** Blocks with content in the first view, and in the second. */
  readonly before: number;
  readonly after: number;
  /** Blocks that lost content, and that gained some. */
  readonly lost: BlockSet;
  readonly added: BlockSet;
  readonly patches: readonly Patch[];
}

/** Of each block. */
interface Counts {
  readonly common: BlockSet;
  readonly before: Uint16Array;
  readonly after: Uint16Array;
  readonly lost: Uint16Array;
  readonly added: Uint16Array;
  /** What shows where something was lost, and what was added. */
  readonly instead: Levels;
  readonly fresh: Levels;
}

/** Of each block: sums of grey levels, of their squares, and of their distances from the background. */
interface Levels {
  readonly level: Uint32Array;
  readonly square: Uint32Array;
  readonly ink: Uint32Array;
}

/** Content is gone when less than this share of its contrast is left: what is greyed is still there. */
const LEFT = 0.3;
/** The soft edges of writing, fainter than this share of the strongest beside them, are each encoder's own. */
const CLEAR = 0.25;
/** Below this noise, in grey levels, a picture comes from no camera. */
const CLEAN = 0.5;
/** Pixels of a digit that another one lacks. */
const FEWER_PIXELS = 3;
/** Share of a block's content that must be gone or new; more for a shaky camera. */
const LEAST_SHARE = 0.06;
const LEAST_SHARE_SHAKY = 0.25;
/** What is new beside a patch makes it the edge of something larger when it is more than this share of what is new in it. */
const MORE_BESIDE = 0.2;
/** What differs by less than this share of its distance from the background is one ink. */
const ALIKE = 0.5;

/** Share of a block's content that must be gone or new for it to have changed. */
export const leastShare = ({ shaky }: Grain): number => (shaky ? LEAST_SHARE_SHAKY : LEAST_SHARE);

/**
 * Content is what differs from the background around it. It is lost where the background shows now, and added where the
 * background showed: so what is drawn over other content takes nothing away, and a fading bullet point is none the less.
 */
export function compare(a: View, b: View, grid: Grid, grain: Grain): Comparison {
  const comparison = judge(count(a, b, grid, grain), [a.lively, b.lively], grid, grain);
  const least = leastInk(grain);
  const isGone = (at: number) => a.contrast[at]! > least && b.contrast[at]! < LEFT * a.contrast[at]!;
  const change = { views: [a, b], isGone, added: comparison.added, grid, least } as const;
  let patches: readonly Patch[] | undefined;
  return {
    ...comparison,
    // To look for pointers is most of a comparison, and many are decided without.
    get patches() {
      return (patches ??= comparison.patches.filter(
        ({ blocks, lost, added }) => lost === 0 || added === 0 || !hasMoved({ ...change, blocks }),
      ));
    },
  };
}

/**
 * Compares with several views of one slide: a block that one of them shows just so has not changed. That is how the
 * place looked before a pointer came to rest on it.
 */
export function compareWithAny(views: readonly View[], b: View, grid: Grid, grain: Grain): Comparison {
  const [first, ...others] = views.map((view) => count(view, b, grid, grain));
  if (!first) throw new RangeError('expected a view');
  for (const other of others) {
    for (let block = 0; block < first.common.length; block++) {
      if (other.common[block] === 0) continue;
      const isKnown = first.common[block] === 1;
      if (isKnown && other.lost[block]! + other.added[block]! >= LEAST_PIXELS) continue;
      first.common[block] = 1;
      first.lost[block] = other.lost[block]!;
      first.added[block] = other.added[block]!;
      for (const levels of ['instead', 'fresh'] as const) {
        for (const sum of ['level', 'square', 'ink'] as const) {
          first[levels][sum][block] = other[levels][sum][block]!;
        }
      }
      if (isKnown) continue;
      first.before[block] = other.before[block]!;
      first.after[block] = other.after[block]!;
    }
  }
  return judge(first, [views[0]!.lively, b.lively], grid, grain);
}

function count(a: View, b: View, grid: Grid, grain: Grain): Counts {
  const { width, height, columnOf, rowStart } = grid;
  const zeros = () => new Uint16Array(blocksOf(grid));
  const counts = {
    common: a.calm.map((calm, block) => calm & b.calm[block]!),
    before: zeros(),
    after: zeros(),
  };
  const [lost, added] = [zeros(), zeros()];
  const [instead, fresh] = [levelsOf(grid), levelsOf(grid)];
  const note = (levels: Levels, block: number, at: number) => {
    levels.level[block]! += b.picture[at]!;
    levels.square[block]! += b.picture[at]! ** 2;
    levels.ink[block]! += inkB[at]!;
  };
  const least = leastInk(grain);
  const { shift } = changeOf(b.picture, a.picture);
  const [inkA, inkB] = [a.contrast, b.contrast];
  // What a shaky camera shows is somewhere beside where it was.
  const nearA = grain.shaky ? widest(inkA, grid) : inkA;
  const nearB = grain.shaky ? widest(inkB, grid) : inkB;
  for (let y = 1; y < height - 1; y++) {
    const start = rowStart[y]!;
    for (let x = 1, at = y * width + 1; x < width - 1; x++, at++) {
      const ink = inkA[at]!;
      const inkNow = inkB[at]!;
      if (ink <= least && inkNow <= least) continue;
      const block = start + columnOf[x]!;
      if (counts.common[block] === 0) continue;
      if (ink > least) counts.before[block]!++;
      if (inkNow > least) counts.after[block]!++;
      if (abs(b.picture[at]! - a.picture[at]! - shift) <= least) continue;
      const clear = max(least, CLEAR * max(a.peak[block]!, b.peak[block]!));
      if (ink > clear && nearB[at]! < LEFT * ink) {
        lost[block]!++;
        note(instead, block, at);
      }
      if (inkNow > clear && nearA[at]! < LEFT * inkNow) {
        added[block]!++;
        note(fresh, block, at);
      }
    }
  }
  return { ...counts, lost, added, instead, fresh };
}

function levelsOf(grid: Grid): Levels {
  const zeros = () => new Uint32Array(blocksOf(grid));
  return { level: zeros(), square: zeros(), ink: zeros() };
}

/** For each pixel the highest of it and its eight neighbours. */
export function widest(contrast: Uint8Array, { width, height }: Grid): Uint8Array {
  const wide = Uint8Array.from(contrast);
  for (let at = 1; at < contrast.length - 1; at++) {
    wide[at] = max(contrast[at - 1]!, contrast[at]!, contrast[at + 1]!);
  }
  const widest = Uint8Array.from(wide);
  for (let at = width; at < width * (height - 1); at++) {
    widest[at] = max(wide[at - width]!, wide[at]!, wide[at + width]!);
  }
  return widest;
}

/** @param lively blocks of the first view and of the second */
function judge(counts: Counts, lively: readonly [BlockSet, BlockSet], grid: Grid, grain: Grain): Comparison {
  const comparison = judgeAll(counts, grid, grain);
  const changed = comparison.lost.map((gone, block) => gone | comparison.added[block]!);
  const boxes = switchedBoxes({ changed, lively }, grid);
  if (!boxes) return comparison;
  const common = counts.common.map((isCommon, block) => isCommon & (1 - boxes[block]!));
  const outside = (pixels: Uint16Array) => pixels.map((count, block) => count * (1 - boxes[block]!));
  return judgeAll(
    { ...counts, common, lost: outside(counts.lost), added: outside(counts.added) },
    grid,
    grain,
  );
}

function judgeAll(counts: Counts, grid: Grid, grain: Grain): Comparison {
  const share = leastShare(grain);
  const changed = (pixels: number, all: number) => (pixels >= LEAST_PIXELS && pixels >= share * all ? 1 : 0);
  const [lost, added] = [new Uint8Array(blocksOf(grid)), new Uint8Array(blocksOf(grid))];
  let [common, before, after] = [0, 0, 0];
  for (let block = 0; block < lost.length; block++) {
    if (counts.common[block] === 0) continue;
    common++;
    if (counts.before[block]! >= LEAST_PIXELS) before++;
    if (counts.after[block]! >= LEAST_PIXELS) after++;
    lost[block] = changed(counts.lost[block]!, counts.before[block]!);
    added[block] = changed(counts.added[block]!, counts.after[block]!);
  }
  const isClean = !grain.shaky && grain.noise < CLEAN;
  if (isClean) markBeside(lost, counts.added, added, grid);
  const patches: Patch[] = [];
  for (const blocks of patchesOf(lost, added, grid)) {
    if (isDrawnOver(blocks, counts)) {
      for (const block of blocks) lost[block] = 0;
      continue;
    }
    const wider = [...new Set([...blocks, ...besideOf(blocks, grid)])];
    const [fresh, widerAdded] = [sumIn(blocks, counts.added), sumIn(wider, counts.added)];
    patches.push({
      blocks,
      lost: sumIn(blocks, counts.lost),
      added: fresh,
      widerLost: sumIn(wider, counts.lost),
      widerAdded,
      isAlone: isClean && sumIn(wider, lost) + sumIn(wider, added) === sizeOf(lost) + sizeOf(added),
      isWhole: widerAdded - fresh <= MORE_BESIDE * fresh,
    });
  }
  return { common: common / lost.length, before, after, lost, added, patches };
}

/** Where something is gone, less tells that something has come: a digit differs by little. */
function markBeside(sure: BlockSet, counts: Uint16Array, changed: BlockSet, grid: Grid): void {
  for (let block = 0; block < sure.length; block++) {
    if (sure[block] === 0) continue;
    const near = [...around(block, grid)];
    if (sumIn(near, counts) < FEWER_PIXELS) continue;
    for (const other of near) if (counts[other]! > 0) changed[other] = 1;
  }
}

const sumIn = (blocks: readonly number[], counts: Uint8Array | Uint16Array | Uint32Array): number =>
  blocks.reduce((sum, block) => sum + counts[block]!, 0);

/**
 * Ink nearly as bright as the background hides what it is drawn over, and seems to take it away; much of it becomes the
 * background itself. But then all that has changed shows the same now, rather than background here and writing there.
 */
function isDrawnOver(blocks: readonly number[], { lost, added, instead, fresh }: Counts): boolean {
  const [gone, come] = [sumIn(blocks, lost), sumIn(blocks, added)];
  if (gone === 0 || come === 0) return false;
  const level = sumIn(blocks, fresh.level) / come;
  const most = (ALIKE * sumIn(blocks, fresh.ink)) / come;
  const squareFrom = (levels: Levels, count: number) =>
    (sumIn(blocks, levels.square) - 2 * level * sumIn(blocks, levels.level)) / count + level ** 2;
  return squareFrom(fresh, come) < most ** 2 && squareFrom(instead, gone) < most ** 2;
}

function besideOf(blocks: readonly number[], grid: Grid): number[] {
  const own = new Set(blocks);
  return blocks.flatMap((block) => [...around(block, grid)]).filter((block) => !own.has(block));
}

/** Blocks that lost and gained, in themselves or side by side, and hang together. */
function patchesOf(lost: BlockSet, added: BlockSet, grid: Grid): number[][] {
  const replaced = new Uint8Array(lost.length);
  for (let block = 0; block < lost.length; block++) {
    if (lost[block] === 0) continue;
    const column = block % grid.columns;
    const near = [block, column > 0 ? block - 1 : block, column < grid.columns - 1 ? block + 1 : block];
    if (!near.some((other) => added[other] === 1)) continue;
    for (const other of near) replaced[other] = lost[other]! | added[other]!;
  }
  return componentsOf(replaced, grid);
}

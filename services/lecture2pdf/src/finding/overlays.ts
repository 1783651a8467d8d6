/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { type BlockSet, componentsOf, type Grid, sizeOf } from './grid.ts';

/** A picture in the picture takes up to this share of it, and is lively in that share of what changes when it comes or goes. */
export const MOST_OF_PICTURE = 0.3;
const LIVELY_SHARE = 0.25;
/** Of what is lively there, this share was not before, or is not any more. */
const SWITCHED_SHARE = 0.6;
/** It is a box: so much of it has changed or moves. */
export const FILLED = 0.6;

/** What changed between two views, and what never rested in each. */
export interface Changes {
  readonly changed: BlockSet;
  readonly lively: readonly [BlockSet, BlockSet];
}

/**
 * The boxes in which a moving picture has come or gone: somebody's camera that was switched on, off, or put elsewhere.
 * What stands still in such a box, a wall or a shelf, is no more of the slide than who moves there. Undefined for none.
 */
export function switchedBoxes({ changed, lively: [a, b] }: Changes, grid: Grid): BlockSet | undefined {
  const switched = a.map((lively, block) => lively ^ b[block]!);
  if (sizeOf(switched) === 0 || sizeOf(changed) === 0) return undefined;
  const touched = changed.map((has, block) => has | a[block]! | b[block]!);
  const boxes = new Uint8Array(touched.length);
  for (const blocks of componentsOf(touched, grid)) {
    const lively = blocks.filter((block) => a[block] === 1 || b[block] === 1).length;
    const fresh = blocks.filter((block) => switched[block] === 1).length;
    if (lively < Math.max(1, LIVELY_SHARE * blocks.length) || fresh < SWITCHED_SHARE * lively) continue;
    const box = boxAround(blocks, grid);
    if (box.length > MOST_OF_PICTURE * touched.length || blocks.length < FILLED * box.length) continue;
    for (const block of box) boxes[block] = 1;
  }
  return sizeOf(boxes) === 0 ? undefined : boxes;
}

/**
 * Whether {@link switchedBoxes} may find any, whatever has changed: what is lively in a box is made of whole patches of
 * such blocks, and in one of these at least must be as much that was switched as in all.
 */
export function mayHaveSwitched([a, b]: Changes['lively'], grid: Grid): boolean {
  if (a.every((lively, block) => lively === b[block])) return false;
  const either = a.map((lively, block) => lively | b[block]!);
  return componentsOf(either, grid).some(
    (blocks) => blocks.filter((block) => a[block] !== b[block]).length >= SWITCHED_SHARE * blocks.length,
  );
}

/** All blocks of the smallest box with those in it. */
export function boxAround(blocks: readonly number[], { columns }: Grid): number[] {
  const rows = blocks.map((block) => Math.floor(block / columns));
  const across = blocks.map((block) => block % columns);
  const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
  const [left, right] = [Math.min(...across), Math.max(...across)];
  const width = right - left + 1;
  return Array.from(
    { length: (bottom - top + 1) * width },
    (_, n) => (top + Math.floor(n / width)) * columns + left + (n % width),
  );
}

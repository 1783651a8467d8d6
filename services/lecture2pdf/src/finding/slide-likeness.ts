/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { blocksOf, type Grid } from './grid.ts';
import type { Shot } from './shots.ts';
import type { View } from './view.ts';

/** Where more of the picture than this never stops moving, somebody may be talking, with things behind. */
export const BUSY = 0.2;

interface Strokes {
  /** Edges of strokes that lines across and down a block have to cross. */
  readonly across: number;
  readonly down: number;
  /** Blocks of them that make a slide. */
  readonly blocks: number;
}

const calmSlide: Strokes = { across: 14, down: 10, blocks: 6 };
const busySlide: Strokes = { across: 20, down: 14, blocks: 4 };

/** Whether a shot shows a slide: fine strokes in both directions, as letters have them. A speaker has few, a blank none. */
export function showsSlide(view: View, { grain, busy }: Shot, grid: Grid): boolean {
  const { width, height, columnOf, rowStart } = grid;
  const { contrast, calm } = view;
  const least = Math.max(24, 4 * grain.noise);
  const across = new Uint16Array(blocksOf(grid));
  const down = new Uint16Array(blocksOf(grid));
  for (let y = 1; y < height; y++) {
    const start = rowStart[y]!;
    for (let x = 1, at = y * width + 1; x < width; x++, at++) {
      const isInk = contrast[at]! > least;
      const block = start + columnOf[x]!;
      if (isInk !== contrast[at - 1]! > least) across[block]!++;
      if (isInk !== contrast[at - width]! > least) down[block]!++;
    }
  }
  const wanted = busy < BUSY ? calmSlide : busySlide;
  let blocks = 0;
  for (let block = 0; block < across.length; block++) {
    if (calm[block] === 1 && across[block]! >= wanted.across && down[block]! >= wanted.down) blocks++;
  }
  return blocks >= wanted.blocks;
}

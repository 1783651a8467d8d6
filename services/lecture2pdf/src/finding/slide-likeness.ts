/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { blocksOf, type Grid } from './grid.ts';
import type { Shot } from './shots.ts';
import type { View } from './view.ts';

const { abs, max } = Math;

/** Where more of the picture than this never stops moving, somebody may be talking, with things behind. */
export const BUSY = 0.2;

/** Two pixels beside each other that differ by less than this share of what ink takes are no edge: a plain as bright as that. */
const EDGE = 0.5;

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
  const { contrast, picture, calm } = view;
  const least = max(24, 4 * grain.noise);
  const across = new Uint16Array(blocksOf(grid));
  const down = new Uint16Array(blocksOf(grid));
  for (let y = 1; y < height; y++) {
    const start = rowStart[y]!;
    for (let x = 1, at = y * width + 1; x < width; x++, at++) {
      const isInk = contrast[at]! > least;
      const block = start + columnOf[x]!;
      const isEdgeTo = (other: number) =>
        isInk !== contrast[other]! > least && abs(picture[at]! - picture[other]!) > EDGE * least;
      if (isEdgeTo(at - 1)) across[block]!++;
      if (isEdgeTo(at - width)) down[block]!++;
    }
  }
  const wanted = busy < BUSY ? calmSlide : busySlide;
  let blocks = 0;
  for (let block = 0; block < across.length; block++) {
    if (calm[block] === 1 && across[block]! >= wanted.across && down[block]! >= wanted.down) blocks++;
  }
  return blocks >= wanted.blocks;
}

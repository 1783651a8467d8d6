/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { type BlockSet, componentsOf, type Grid, sizeOf, widen } from './grid.ts';
import { FILLED, MOST_OF_PICTURE, boxAround } from './overlays.ts';
import { FRAME_RATE, type Shot } from './shots.ts';
import type { Pausing } from './turns.ts';

/** So long before and after a shot people are looked for. */
const NEAR = 60 * FRAME_RATE;
/** In shorter shots, much of what moves is on the way to something. */
const LEAST_LOOKS = 6;
/** Some of them move in this share of the shots, and not always the same: this share of their places turns so often. */
const THERE = 0.6;
const TURNING_SHARE = 0.5;
const LEAST_TURNS = 2;

/**
 * For each shot, the boxes in which the people of a meeting are shown: whoever speaks comes into another tile, cameras
 * go on and off, and a still picture stands for some. Undefined where there are none.
 */
export function* peopleBlocks(shots: readonly Shot[], grid: Grid): Pausing<(BlockSet | undefined)[]> {
  let first = 0;
  const found: (BlockSet | undefined)[] = [];
  for (const { from, to } of shots) {
    yield;
    while (shots[first]!.to < from - NEAR) first++;
    const near: BlockSet[] = [];
    for (let index = first; index < shots.length && shots[index]!.from < to + NEAR; index++) {
      if (shots[index]!.looks >= LEAST_LOOKS) near.push(shots[index]!.view.lively);
    }
    found.push(peopleIn(near, grid));
  }
  return found;
}

function peopleIn(lively: readonly BlockSet[], grid: Grid): BlockSet | undefined {
  const blocks = grid.columns * grid.rows;
  const ever = new Uint8Array(blocks);
  const turns = new Uint16Array(blocks);
  lively.forEach((set, index) => {
    const before = lively[index - 1] ?? set;
    for (let block = 0; block < blocks; block++) {
      ever[block]! |= set[block]!;
      turns[block]! += set[block]! ^ before[block]!;
    }
  });
  const found = new Uint8Array(blocks);
  for (const component of componentsOf(ever, grid)) {
    const turning = component.filter((block) => turns[block]! >= LEAST_TURNS).length;
    const there = lively.filter((set) => component.some((block) => set[block] === 1)).length;
    if (turning < TURNING_SHARE * component.length || there < THERE * lively.length) continue;
    const box = boxAround(component, grid);
    if (box.length > MOST_OF_PICTURE * blocks || component.length < FILLED * box.length) continue;
    for (const block of box) found[block] = 1;
  }
  return sizeOf(found) === 0 ? undefined : widen(found, grid);
}

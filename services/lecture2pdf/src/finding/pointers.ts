/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { compare } from './comparison.ts';
import { type BlockSet, blocksOf, componentsOf, type Grid, sizeOf } from './grid.ts';
import { findPointer, hideUnder, type Pointer, pointerIn } from './pointer.ts';
import type { Shot } from './shots.ts';
import type { Pausing } from './turns.ts';
import { leastInk, unpack, type View } from './view.ts';

/** From one shot to the next a pointer changes so many blocks at most; a slide that goes changes more. */
const MOST_LOST = 9;
/** Content is gone when less than this share of its contrast is left. */
const LEFT = 0.3;
/** What moved so often is a pointer; a letter that is in two places is not, and so many are remembered. */
const LEAST_OFTEN = 2;
const REMEMBERED = 12;

interface Seen {
  readonly pointer: Pointer;
  often: number;
}

/**
 * The pointers of a lecture: what, again and again, was somewhere and then is elsewhere just as it was. Once it is known,
 * it can be told from what is written also where it rests on writing.
 */
export function* pointersOf(shots: readonly Shot[], grid: Grid): Pausing<Pointer[]> {
  const known: Seen[] = [];
  let before: View | undefined;
  for (const shot of shots) {
    yield;
    const view = unpack(shot.view, grid);
    const moved = before ? movedBetween(before, view, shot, grid) : undefined;
    before = view;
    if (!moved) continue;
    const again = known.filter(({ pointer }) => isLike(pointer, moved));
    for (const one of again) one.often++;
    if (again.length === 0) known.push({ pointer: moved, often: 1 });
    if (known.length > REMEMBERED)
      known.splice(
        known.findIndex(({ often }) => often === 1),
        1,
      );
  }
  return known.filter(({ often }) => often >= LEAST_OFTEN).map(({ pointer }) => pointer);
}

function movedBetween(a: View, b: View, { grain }: Shot, grid: Grid): Pointer | undefined {
  const { lost, added } = compare(a, b, grid, grain);
  if (sizeOf(lost) === 0 || sizeOf(lost) > MOST_LOST) return undefined;
  const least = leastInk(grain);
  const isGone = (at: number) => a.contrast[at]! > least && b.contrast[at]! < LEFT * a.contrast[at]!;
  for (const blocks of componentsOf(lost, grid)) {
    const moved = pointerIn({ blocks, views: [a, b], isGone, added, grid, least });
    if (moved) return moved;
  }
  return undefined;
}

/** Parts of a pixel further it has other edges. */
function isLike(a: Pointer, b: Pointer): boolean {
  const cell = ({ x, y }: { x: number; y: number }) => `${x} ${y}`;
  const other = new Set(b.core.map(cell));
  const shared = a.core.filter((spot) => other.has(cell(spot))).length;
  return shared >= 0.6 * Math.max(a.core.length, b.core.length);
}

/** The blocks of a view that a pointer hides. */
export function hiddenIn(view: View, pointers: readonly Pointer[], grid: Grid): BlockSet {
  const hidden = new Uint8Array(blocksOf(grid));
  for (const pointer of pointers) {
    for (const place of findPointer(pointer, view, grid)) hideUnder(pointer, place, grid, hidden);
  }
  return hidden;
}

import { compare } from './comparison.ts';
import { type BlockSet, blocksOf, type Grid, sizeOf } from './grid.ts';
import { FRAME_RATE, type Shot } from './shots.ts';
import type { Pausing } from './turns.ts';
import { unpack } from './view.ts';

/** The digits of a clock: so high and wide at most, as shares of the picture. */
const HEIGHT = 0.1;
const WIDTH = 0.2;
/** What is so near to the upper or lower edge, and to a side, belongs to the desktop, the player or the template. */
const EDGE = 0.07;
const SIDE = 0.25;
/** A clock shows another time every minute, as near as a frame tells. */
const MINUTE = 60 * FRAME_RATE;
const OFF = 3;

/** Some digits that make way for others: more may come elsewhere, but nothing goes. */
interface Tick {
  readonly frame: number;
  /** In blocks, all included. */
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * The blocks in which a clock shows the time: while all else stays or grows, a few letters change there to the minute, or in a
 * corner of the picture at any time. A slide does not become another by it. Undefined for none.
 */
export function* clockBlocks(shots: readonly Shot[], grid: Grid): Pausing<BlockSet | undefined> {
  const ticks: Tick[] = [];
  for (const [index, shot] of shots.entries()) {
    yield;
    const tick = tickTo(shot, shots[index - 1], grid);
    if (tick) ticks.push(tick);
  }
  const clocks = ticks.filter(
    (tick) =>
      isAtEdge(tick, grid) || ticks.some((other) => isSamePlace(tick, other) && areMinutesApart(tick, other)),
  );
  if (clocks.length === 0) return undefined;
  const hidden = new Uint8Array(blocksOf(grid));
  for (const { top, bottom, left, right } of clocks) {
    for (let row = top; row <= bottom; row++) {
      const start = row * grid.columns;
      hidden.fill(1, start + Math.max(0, left - 1), start + Math.min(grid.columns, right + 2));
    }
  }
  return hidden;
}

function tickTo(shot: Shot, before: Shot | undefined, grid: Grid): Tick | undefined {
  if (!before) return undefined;
  const comparison = compare(unpack(before.view, grid), unpack(shot.view, grid), grid, shot.grain);
  const { lost, added } = comparison;
  const most = HEIGHT * grid.rows * WIDTH * grid.columns;
  if (sizeOf(lost) > most) return undefined;
  let changed = [...lost.keys()].filter((block) => lost[block] === 1 || added[block] === 1);
  if (changed.length > most) {
    const [patch, ...others] = comparison.patches;
    if (!patch || others.length > 0 || sizeOf(lost) > patch.blocks.length) return undefined;
    changed = [...patch.blocks];
  }
  if (changed.length === 0) return undefined;
  const rows = changed.map((block) => Math.floor(block / grid.columns));
  const columns = changed.map((block) => block % grid.columns);
  const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
  const [left, right] = [Math.min(...columns), Math.max(...columns)];
  if (bottom - top + 1 > HEIGHT * grid.rows || right - left + 1 > WIDTH * grid.columns) return undefined;
  return { frame: shot.from, top, bottom, left, right };
}

const isAtEdge = ({ top, bottom, left, right }: Tick, { rows, columns }: Grid) =>
  (bottom + 1 <= Math.ceil(EDGE * rows) || top >= Math.floor((1 - EDGE) * rows)) &&
  (right + 1 <= Math.ceil(SIDE * columns) || left >= Math.floor((1 - SIDE) * columns));

const isSamePlace = (a: Tick, b: Tick) =>
  a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;

function areMinutesApart(a: Tick, b: Tick): boolean {
  const pause = Math.abs(a.frame - b.frame);
  const minutes = Math.round(pause / MINUTE);
  return minutes > 0 && Math.abs(pause - minutes * MINUTE) <= OFF;
}

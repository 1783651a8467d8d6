/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import type { Grid } from './grid.ts';
import { distance, lower } from './whole-numbers.ts';

const { abs, max, min, round } = Math;

/** How far a picture lies to the right of where it is wanted, and below; in pixels, and parts of them. */
interface Place {
  readonly x: number;
  readonly y: number;
}

/** Edges that the camera saw at a moment, and what it saw there. */
interface Anchor extends Place {
  readonly pixels: Int32Array;
  readonly levels: Uint8Array;
}

interface Located extends Place {
  readonly frame: Uint8Array;
  /** It is the picture of its anchor, but lies elsewhere, and somewhere else than the one before. */
  readonly sways: boolean;
  /** The camera has been turned to something else. */
  readonly turns: boolean;
}

/** How far a hand moves the camera at most, and between two frames. */
const REACH = 12;
const STEP = 4;
/** What it moves in between at least, where it is not still at all. */
const SWAY = 0.15;
/** What an edge is, in grey levels; how many of them tell where a picture lies, taken evenly from all of it. */
const EDGE = 24;
const LEAST_EDGES = 200;
const MOST_EDGES = 1_500;
/** A difference counts as so many grey levels at most: one of another slide says nothing of the camera. */
const MOST = 40;
/** Below this mean difference nothing has moved; above that, it is another picture. */
const STILL = 2;
const LOST = 0.35 * MOST;
/** A shift is one when it leaves less than this share of the difference; in another picture, the edges of the room do. */
const BETTER = 0.75;
const BETTER_IN_ANOTHER = 0.95;
/** A camera moves all that it shows: with more than this share of the edges where they were, it was something shown. */
const MOST_STANDING = 0.1;
const STANDS = 10;
const GONE = 20;
/** Frames before and after that tell of a hand, and the share of them in which it moved. */
const HAND_REACH = 40;
const HAND_SHARE = 0.3;

/**
 * Takes out what a hand moves the camera, and hands the frames on ten seconds later. Only where the picture sways for
 * long: what scrolls or is pushed into the picture is left as it is.
 */
export function createStabiliser(grid: Grid, handOn: (frame: Uint8Array, isHeld: boolean) => void) {
  const { width } = grid;
  const blur = createBlur(grid);
  const shifted = createShifter(grid);
  let anchor: Anchor | undefined;
  let last: Place = { x: 0, y: 0 };
  /** What the edges showed when they were last searched for, where they were found. */
  let seen: Uint8Array | undefined;
  const waiting: Located[] = [];
  const handedOn: Located[] = [];
  let [swaying, turning] = [0, 0];

  const locate = (frame: Uint8Array): Located => {
    const stays = { frame, ...last, sways: false, turns: false };
    if (!anchor) {
      anchor = anchorAt(blur(frame), grid, last);
      return stays;
    }
    const expected = expectedFrom(anchor);
    const shown = levelsAt(frame, width, anchor, expected);
    const unmoved = differenceOf(shown, anchor.levels);
    if (unmoved < STILL || (seen && differenceOf(shown, seen) < STILL)) return stays;
    const soft = blur(frame);
    const best = search(soft, width, anchor, expected, unmoved);
    const isLost = best.cost > LOST;
    const shift = isLost && best.cost > BETTER_IN_ANOTHER * unmoved ? expected : best;
    const before = last;
    last = { x: anchor.x + shift.x, y: anchor.y + shift.y };
    const sways =
      !isLost &&
      max(abs(last.x - before.x), abs(last.y - before.y)) > SWAY &&
      max(abs(shift.x), abs(shift.y)) > 0.5 &&
      best.cost < BETTER * costOf(soft, width, anchor, { x: 0, y: 0 }) &&
      standing(soft, width, anchor, { x: round(shift.x), y: round(shift.y) }) < MOST_STANDING;
    const turns = max(abs(last.x), abs(last.y)) > REACH;
    if (!turns && !isLost) {
      seen = levelsAt(frame, width, anchor, expectedFrom(anchor));
      return { frame, ...last, sways, turns };
    }
    if (turns) last = { x: 0, y: 0 };
    anchor = anchorAt(soft, grid, last);
    seen = undefined;
    return { frame, ...last, sways: false, turns };
  };

  /** Where the edges of an anchor lie now, when the camera has not moved since. */
  const expectedFrom = ({ x, y }: Place): Place => ({
    x: within(round(last.x - x)),
    y: within(round(last.y - y)),
  });

  const release = () => {
    const first = waiting.shift()!;
    const isHeld = turning === 0 && swaying > HAND_SHARE * (handedOn.length + 1 + waiting.length);
    handOn(isHeld ? shifted(first.frame, first) : first.frame, isHeld);
    handedOn.push(first);
    if (handedOn.length > HAND_REACH) count(handedOn.shift()!, -1);
  };

  const count = ({ sways, turns }: Located, by: number) => {
    if (sways) swaying += by;
    if (turns) turning += by;
  };

  return {
    push: (frame: Uint8Array): void => {
      const located = locate(frame);
      waiting.push(located);
      count(located, 1);
      if (waiting.length > HAND_REACH) release();
    },
    end: (): void => {
      while (waiting.length > 0) release();
    },
  };
}

const within = (shift: number) => max(1 - REACH, min(REACH - 1, shift));

/**
 * The mean of each pixel and its eight neighbours: without noise, and much the same half a pixel further. What it gives
 * is overwritten by the next.
 */
function createBlur({ width, height }: Grid): (frame: Uint8Array) => Uint8Array {
  const rows = new Uint16Array(width * height);
  const soft = new Uint8Array(width * height);
  return (frame) => {
    let [left, own] = [frame[0]!, frame[1]!];
    for (let at = 1; at < frame.length - 1; at++) {
      const right = frame[at + 1]!;
      rows[at] = left + own + right;
      left = own;
      own = right;
    }
    for (let at = width; at < frame.length - width; at++) {
      soft[at] = ninth(rows[at - width]! + rows[at]! + rows[at + width]!);
    }
    return soft;
  };
}

/** A ninth of the sum of nine grey levels, in whole numbers alone. */
const ninth = (sum: number) => (sum * 7_282) >>> 16;

function anchorAt(soft: Uint8Array, { width, height }: Grid, { x, y }: Place): Anchor | undefined {
  const edges: number[] = [];
  for (let row = REACH; row < height - REACH; row++) {
    for (let column = REACH, at = row * width + REACH; column < width - REACH; column++, at++) {
      const across = distance(soft[at + 1]!, soft[at - 1]!);
      const down = distance(soft[at + width]!, soft[at - width]!);
      if (across + down > EDGE) edges.push(at);
    }
  }
  if (edges.length < LEAST_EDGES) return undefined;
  const every = max(1, edges.length / MOST_EDGES);
  const count = Math.floor(edges.length / every);
  const pixels = Int32Array.from({ length: count }, (_, n) => edges[Math.floor(n * every)]!);
  return { pixels, levels: Uint8Array.from(pixels, (at) => soft[at]!), x, y };
}

/** What the edges show that are so far to the right and below, blurred; in whole pixels below `REACH`. */
function levelsAt(frame: Uint8Array, width: number, { pixels }: Anchor, { x, y }: Place): Uint8Array {
  const levels = new Uint8Array(pixels.length);
  const by = y * width + x;
  for (let n = 0; n < pixels.length; n++) {
    const at = pixels[n]! + by;
    const above = at - width;
    const below = at + width;
    const upper = frame[above - 1]! + frame[above]! + frame[above + 1]!;
    const lower = frame[below - 1]! + frame[below]! + frame[below + 1]!;
    levels[n] = ninth(upper + frame[at - 1]! + frame[at]! + frame[at + 1]! + lower);
  }
  return levels;
}

/** Mean difference of the edges, as {@link costOf} has it. */
function differenceOf(levels: Uint8Array, others: Uint8Array): number {
  let sum = 0;
  for (let n = 0; n < levels.length; n++) sum += lower(MOST, distance(levels[n]!, others[n]!));
  return sum / levels.length;
}

/** How many edges are looked at before it is asked whether the others can still matter. */
const AT_A_TIME = 100;

/**
 * Mean difference of the edges from what is so far to the right of them and below, in whole pixels below `REACH`.
 * @param most when it is more than that, it doesn't matter how much
 */
function costOf(
  soft: Uint8Array,
  width: number,
  { pixels, levels }: Anchor,
  { x, y }: Place,
  most = Infinity,
): number {
  const by = y * width + x;
  const count = pixels.length;
  let sum = 0;
  for (let n = 0; n < count && sum <= most * count;) {
    for (const end = min(count, n + AT_A_TIME); n < end; n++) {
      sum += lower(MOST, distance(soft[pixels[n]! + by]!, levels[n]!));
    }
  }
  return sum / count;
}

/** Share of the edges that are where they were, and not where they would be if all had moved. */
function standing(soft: Uint8Array, width: number, { pixels, levels }: Anchor, { x, y }: Place): number {
  const by = y * width + x;
  let count = 0;
  for (let n = 0; n < pixels.length; n++) {
    const [at, level] = [pixels[n]!, levels[n]!];
    if (abs(soft[at]! - level) <= STANDS && abs(soft[at + by]! - level) > GONE) count++;
  }
  return count / pixels.length;
}

/**
 * Where the edges lie now, no further than a step from where they are expected.
 * @param unmoved the cost there
 */
function search(
  soft: Uint8Array,
  width: number,
  anchor: Anchor,
  expected: Place,
  unmoved: number,
): Place & { cost: number } {
  const cost = (x: number, y: number, most = Infinity) => costOf(soft, width, anchor, { x, y }, most);
  let best = { ...expected, cost: Infinity };
  for (let y = within(expected.y - STEP); y <= within(expected.y + STEP); y++) {
    for (let x = within(expected.x - STEP); x <= within(expected.x + STEP); x++) {
      const found = cost(x, y, min(unmoved, best.cost));
      if (found < best.cost) best = { x, y, cost: found };
    }
  }
  const { x, y } = best;
  return {
    x: x + between(cost(x - 1, y), best.cost, cost(x + 1, y)),
    y: y + between(cost(x, y - 1), best.cost, cost(x, y + 1)),
    cost: best.cost,
  };
}

/** Where two lines of one slope through three costs meet, the middle one the lowest: -0.5 to 0.5. */
function between(below: number, lowest: number, above: number): number {
  const highest = max(below, above);
  return highest > lowest ? (below - above) / (2 * (highest - lowest)) : 0;
}

/** Gives what is so far to the right and below, by the spline of Catmull and Rom; the edges are drawn out. */
function createShifter({ width, height }: Grid): (frame: Uint8Array, place: Place) => Uint8Array {
  // A camera that is turned further is taken for still.
  const margin = REACH + 3;
  const line = new Uint8Array(width + 2 * margin);
  const rows = new Float32Array(width * height);
  return (frame, { x, y }) => {
    const left = Math.floor(x);
    const [a, b, c, d] = weights(x - left);
    for (let start = 0; start < frame.length; start += width) {
      line.fill(frame[start]!, 0, margin);
      line.set(frame.subarray(start, start + width), margin);
      line.fill(frame[start + width - 1]!, margin + width);
      for (let column = 0, from = margin + left; column < width; column++, from++) {
        rows[start + column] =
          a * line[from - 1]! + b * line[from]! + c * line[from + 1]! + d * line[from + 2]!;
      }
    }
    const moved = new Uint8ClampedArray(frame.length);
    const top = Math.floor(y);
    const [e, f, g, h] = weights(y - top);
    for (let row = 0; row < height; row++) {
      const lineAt = (n: number) => max(0, min(height - 1, n)) * width;
      let [p, q, r, s] = [
        lineAt(row + top - 1),
        lineAt(row + top),
        lineAt(row + top + 1),
        lineAt(row + top + 2),
      ];
      for (let at = row * width; at < (row + 1) * width; at++) {
        moved[at] = e * rows[p++]! + f * rows[q++]! + g * rows[r++]! + h * rows[s++]!;
      }
    }
    return new Uint8Array(moved.buffer);
  };
}

/** What the four pixels around a place count that is `part` of a pixel behind the second. */
function weights(part: number): [number, number, number, number] {
  const [square, cube] = [part ** 2, part ** 3];
  return [
    (2 * square - part - cube) / 2,
    (2 - 5 * square + 3 * cube) / 2,
    (part + 4 * square - 3 * cube) / 2,
    (cube - square) / 2,
  ];
}

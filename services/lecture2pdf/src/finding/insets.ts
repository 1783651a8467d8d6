/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { BLOCK_HEIGHT, BLOCK_WIDTH, type BlockSet, blocksOf, type Grid } from './grid.ts';
import { type View, viewOf } from './view.ts';

const { abs, ceil, floor, max, min, round, sqrt } = Math;

/** Where a whole picture lies in another, and at which size: 1 is its own. In pixels of the analysed frames. */
export interface Inset {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

interface Rated extends Inset {
  /** 0 where all is alike, 1 where nothing is. */
  readonly unlikeness: number;
}

/** How small a picture in another may be; one nearly as large as it is no inset. */
const SMALLEST = 0.4;
const LARGEST = 0.94;
/** Content is looked at in cells of so many pixels, finer each time, around the best places of the time before. */
const COARSEST = 8;
const COARSEST_STEP = 0.03;
const rounds = [
  { cell: 4, kept: 6, samples: 300, scaleStep: 0.01 },
  { cell: 2, kept: 3, samples: 600, scaleStep: 0.004 },
  { cell: 1, kept: 2, samples: 1_500, scaleStep: 0.002 },
] as const;
const FIRST_SAMPLES = 120;
/** More unlike than this by a few samples, at the first look, a later one, or the last, it is another picture. */
const UNLIKE_FEW = 0.72;
const UNLIKE_COARSELY = 0.66;
const UNLIKE = 0.64;
const UNLIKE_CLOSELY = 0.55;
/** This share of a picture must be seen in the other. */
const LEAST_SEEN = 0.5;
/** Edges count up to this difference in grey levels: writing is writing. */
const MOST_EDGE = 80;

/** Where in `outer` all of `inner` is shown smaller; undefined where it is not. */
export function findInset(inner: View, outer: View, grid: Grid): Inset | undefined {
  let best = coarsely(samplesOf(inner, COARSEST, FIRST_SAMPLES, grid), mapOf(outer, COARSEST, grid), grid);
  if (best.length === 0) return undefined;
  for (const { cell, kept, samples, scaleStep } of rounds) {
    const [points, map] = [samplesOf(inner, cell, samples, grid), mapOf(outer, cell, grid)];
    best = bestOf(
      best
        .slice(0, kept)
        .flatMap((place) => around(place, scaleStep, cell).map((near) => rate(near, points, map))),
      2 * cell,
    );
    if (best[0]!.unlikeness > UNLIKE) return undefined;
  }
  return best[0]!.unlikeness > UNLIKE_CLOSELY ? undefined : best[0];
}

/** `outer` with all of `inner` shown smaller in it; calm only where `inner` is. */
export function withInset(inner: View, outer: View, { scale, left, top }: Inset, grid: Grid): View {
  const { width, height, columnOf, rowStart } = grid;
  const picture = outer.picture.slice();
  const [right, bottom] = [left + scale * width, top + scale * height];
  const sampled = createSampler(inner.picture, grid, 1 / scale);
  for (let y = max(0, ceil(top)); y < min(height, floor(bottom)); y++) {
    for (let x = max(0, ceil(left)); x < min(width, floor(right)); x++) {
      picture[y * width + x] = sampled((x + 0.5 - left) / scale, (y + 0.5 - top) / scale);
    }
  }
  const calm = new Uint8Array(blocksOf(grid));
  for (let block = 0; block < calm.length; block++) {
    const [x, y] = [(block % grid.columns) * BLOCK_WIDTH, floor(block / grid.columns) * BLOCK_HEIGHT];
    const [fromX, fromY] = [(x - left) / scale, (y - top) / scale];
    const [toX, toY] = [(x + BLOCK_WIDTH - left) / scale, (y + BLOCK_HEIGHT - top) / scale];
    if (fromX < 0 || fromY < 0 || toX >= width || toY >= height) continue;
    const corners = [fromX, toX].flatMap((u) =>
      [fromY, toY].map((v) => inner.calm[rowStart[floor(v)]! + columnOf[floor(u)]!]),
    );
    if (corners.every((one) => one === 1)) calm[block] = 1;
  }
  return viewOf(picture, calm, grid);
}

/** The blocks that an inset lies in, at least in part. */
export function blocksUnder({ scale, left, top }: Inset, grid: Grid): BlockSet {
  const under = new Uint8Array(blocksOf(grid));
  const [right, bottom] = [left + scale * grid.width, top + scale * grid.height];
  for (let block = 0; block < under.length; block++) {
    const [x, y] = [(block % grid.columns) * BLOCK_WIDTH, floor(block / grid.columns) * BLOCK_HEIGHT];
    if (x + BLOCK_WIDTH > left && x < right && y + BLOCK_HEIGHT > top && y < bottom) under[block] = 1;
  }
  return under;
}

/** How much of edges each cell has, from 1 on; 0 where nothing is known of it. */
interface EdgeMap {
  readonly cell: number;
  readonly columns: number;
  readonly rows: number;
  readonly edges: Uint8Array;
}

/** Of each view that was looked at: one is compared with several. */
const known = new WeakMap<View, readonly EdgeMap[]>();

function mapOf(view: View, cell: number, grid: Grid): EdgeMap {
  let maps = known.get(view);
  if (!maps) {
    const finest = finestOf(view, grid);
    const half = halved(finest);
    const quarter = halved(half);
    known.set(view, (maps = [finest, half, quarter, halved(quarter)]));
  }
  return maps.find((map) => map.cell === cell)!;
}

function finestOf({ picture, calm }: View, { width, height, columnOf, rowStart }: Grid): EdgeMap {
  const edges = new Uint8Array(width * height);
  for (let y = 0; y < height - 1; y++) {
    const start = rowStart[y]!;
    for (let x = 0, at = y * width; x < width - 1; x++, at++) {
      if (calm[start + columnOf[x]!] === 0) continue;
      const level = picture[at]!;
      edges[at] = 1 + min(MOST_EDGE, abs(level - picture[at + 1]!) + abs(level - picture[at + width]!));
    }
  }
  return { cell: 1, columns: width, rows: height, edges };
}

/** The mean of each four that are known. */
function halved({ cell, columns: wide, rows: tall, edges: fine }: EdgeMap): EdgeMap {
  const [columns, rows] = [wide >> 1, tall >> 1];
  const edges = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = 2 * row * wide + 2 * column;
      const four = [fine[at]!, fine[at + 1]!, fine[at + wide]!, fine[at + wide + 1]!] as const;
      if (four[0] === 0 || four[1] === 0 || four[2] === 0 || four[3] === 0) continue;
      edges[row * columns + column] = (four[0] + four[1] + four[2] + four[3] + 2) >> 2;
    }
  }
  return { cell: 2 * cell, columns, rows, edges };
}

interface Samples {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly edges: Uint8Array;
}

/** Cells of a picture, about so many, taken evenly from those that are known. */
function samplesOf(view: View, cell: number, wanted: number, grid: Grid): Samples {
  const { columns, edges } = mapOf(view, cell, grid);
  const all = edges.reduce((sum, one) => sum + (one > 0 ? 1 : 0), 0);
  const step = max(1, all / wanted);
  const at: number[] = [];
  for (let index = 0, seen = 0, next = 0; index < edges.length; index++) {
    if (edges[index] === 0 || seen++ < next) continue;
    at.push(index);
    next += step;
  }
  return {
    count: at.length,
    x: Float32Array.from(at, (one) => ((one % columns) + 0.5) * cell),
    y: Float32Array.from(at, (one) => (floor(one / columns) + 0.5) * cell),
    edges: Uint8Array.from(at, (one) => edges[one]!),
  };
}

/** One of so many of them. */
function everyOf({ count, x, y, edges }: Samples, nth: number): Samples {
  const isOne = (_: number, index: number) => index % nth === 0;
  return { count: ceil(count / nth), x: x.filter(isOne), y: y.filter(isOne), edges: edges.filter(isOne) };
}

function rate(place: Inset, { count, x, y, edges }: Samples, map: EdgeMap): Rated {
  const { scale, left, top } = place;
  const { cell, columns, rows, edges: shown } = map;
  let [different, all, seen] = [0, 0, 0];
  for (let n = 0; n < count; n++) {
    const column = floor((left + scale * x[n]!) / cell);
    const row = floor((top + scale * y[n]!) / cell);
    if (column < 0 || row < 0 || column >= columns || row >= rows) continue;
    const there = shown[row * columns + column]!;
    if (there === 0) continue;
    seen++;
    different += abs(there - edges[n]!);
    all += max(there, edges[n]!) - 1;
  }
  return { ...place, unlikeness: seen < LEAST_SEEN * count || all === 0 ? 1 : different / all };
}

/** All places at which the inner picture fits into the outer one. */
function coarsely(samples: Samples, map: EdgeMap, { width, height }: Grid): Rated[] {
  const few = everyOf(samples, 4);
  const places: Rated[] = [];
  for (let scale = SMALLEST; scale <= LARGEST; scale += COARSEST_STEP) {
    for (let top = 0; top <= (1 - scale) * height + COARSEST / 2; top += COARSEST) {
      for (let left = 0; left <= (1 - scale) * width + COARSEST / 2; left += COARSEST) {
        const place = { scale, left, top };
        if (rate(place, few, map).unlikeness > UNLIKE_FEW) continue;
        const rated = rate(place, samples, map);
        if (rated.unlikeness < UNLIKE_COARSELY) places.push(rated);
      }
    }
  }
  return bestOf(places, COARSEST);
}

/** Best first, of those near each other the best only. */
function bestOf(places: Rated[], apart: number): Rated[] {
  const best: Rated[] = [];
  for (const place of places.sort((a, b) => a.unlikeness - b.unlikeness)) {
    const isNear = ({ scale, left, top }: Inset) =>
      abs(scale - place.scale) < COARSEST_STEP / 2 &&
      abs(left - place.left) < apart &&
      abs(top - place.top) < apart;
    if (!best.some(isNear)) best.push(place);
    if (best.length === rounds[0].kept) break;
  }
  return best;
}

function around({ scale, left, top }: Inset, scaleStep: number, step: number): Inset[] {
  const near: Inset[] = [];
  for (let n = -3; n <= 3; n++) {
    for (let down = -2; down <= 2; down++) {
      for (let right = -2; right <= 2; right++) {
        near.push({ scale: scale + n * scaleStep, left: left + right * step, top: top + down * step });
      }
    }
  }
  return near;
}

/** What a picture shows around a place between pixels, in a square of that size: shrunk, it takes the place of one. */
function createSampler(picture: Uint8Array, { width, height }: Grid, size: number) {
  const taps = max(2, round(sqrt(size) * 2));
  const offsets = Array.from({ length: taps }, (_, n) => ((n + 0.5) / taps - 0.5) * size);
  return (x: number, y: number): number => {
    let sum = 0;
    for (const down of offsets) {
      for (const right of offsets) sum += between(picture, x + right - 0.5, y + down - 0.5, width, height);
    }
    return round(sum / taps ** 2);
  };
}

function between(picture: Uint8Array, x: number, y: number, width: number, height: number): number {
  const [left, top] = [max(0, min(width - 2, floor(x))), max(0, min(height - 2, floor(y)))];
  const [u, v] = [max(0, min(1, x - left)), max(0, min(1, y - top))];
  const at = top * width + left;
  const upper = picture[at]! * (1 - u) + picture[at + 1]! * u;
  const lower = picture[at + width]! * (1 - u) + picture[at + width + 1]! * u;
  return upper * (1 - v) + lower * v;
}

import {
  ADD,
  add,
  addTo,
  constant,
  copyBytes,
  get,
  loop,
  MULTIPLY,
  set,
  vector,
  type WasmFunction,
} from './wasm-code.ts';

/** Side of a block, in pixels. */
export const BLOCK = 16;
/** Every so many rows of a block are looked at; of those, every other pixel. */
const ROWS_APART = 4;
/** What is told of a block: four sums, then four sums of squares. */
export const SPREAD_BYTES = 32;

/** Parts of a picture of three bytes a pixel. Addresses in the memory. */
export interface TileRows {
  /** Rows of so many bytes, `stride` from one to the next, put one after the other. */
  copy(from: number, stride: number, to: number, bytes: number, rows: number): void;
  /** Of blocks beside each other, the greens that are looked at, and their squares, see {@link SPREAD_BYTES}. */
  spread(from: number, stride: number, out: number, blocks: number): void;
}

const { words, longs } = vector;

const copy: WasmFunction = (() => {
  const [FROM, STRIDE, TO, BYTES, COUNT] = [0, 1, 2, 3, 4];
  return {
    ...{ name: 'copy', params: 5, integers: 0, vectors: 0 },
    code: loop(
      ...[...get(TO), ...get(FROM), ...get(BYTES), ...copyBytes],
      ...[...addTo(FROM, STRIDE), ...addTo(TO, BYTES), ...add(COUNT, -1), ...get(COUNT)],
    ),
  };
})();

const spread: WasmFunction = (() => {
  const [FROM, STRIDE, OUT, COUNT, AT] = [0, 1, 2, 3, 4];
  const [GREENS, SUM, SQUARES, ONES] = [5, 6, 7, 8];
  /** Of sixteen bytes, some greens as 16-bit numbers, in their places among eight. */
  const greens = (offset: number, first: number, bytes: readonly number[]) => [
    ...[...get(AT), ...vector.load(offset)],
    ...vector.pick([
      ...new Array<undefined>(first * 2).fill(undefined),
      ...bytes.flatMap((byte) => [byte, undefined]),
    ]),
  ];
  const row = (n: number) => [
    ...[...get(FROM), ...get(STRIDE), ...constant(n * ROWS_APART), MULTIPLY, ADD, ...set(AT)],
    ...[...greens(0, 0, [1, 7, 13]), ...greens(16, 3, [3, 9, 15]), ...vector.or],
    ...[...greens(32, 6, [5, 11]), ...vector.or, ...set(GREENS)],
    ...[...get(SUM), ...get(GREENS), ...words.add, ...set(SUM)],
    ...[...get(SQUARES), ...get(GREENS), ...get(GREENS), ...longs.dotPairs, ...longs.add, ...set(SQUARES)],
  ];
  return {
    ...{ name: 'spread', params: 4, integers: 1, vectors: 4 },
    code: [
      ...[...constant(1), ...words.splat, ...set(ONES)],
      ...loop(
        ...[...vector.zero, ...set(SUM), ...vector.zero, ...set(SQUARES)],
        ...[0, 1, 2, 3].flatMap(row),
        ...[...get(OUT), ...get(SUM), ...get(ONES), ...longs.dotPairs, ...vector.store(0)],
        ...[...get(OUT), ...get(SQUARES), ...vector.store(16)],
        ...[...add(FROM, BLOCK * 3), ...add(OUT, SPREAD_BYTES), ...add(COUNT, -1), ...get(COUNT)],
      ),
    ],
  };
})();

export const tileRows: readonly WasmFunction[] = [copy, spread];

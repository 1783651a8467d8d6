import { ADD, add, constant, get, loadInteger, loop, set, vector, type WasmFunction } from './wasm-code.ts';

/** Pixels of a row, or rows, that a pixel of the result may be made of. */
export const TAPS = 3;
/** Of a weight, in {@link ResizeRows}. */
export const ROW_BITS = 15;
export const COLUMN_BITS = 14;
/** Of an entry of the table of columns: the first byte of three pixels, then their weights, two in one number. */
export const COLUMN_BYTES = 12;

/** Mixes rows of pixels, then the pixels of a row; three bytes each. Up to 16 bytes beyond either are read and written. */
export interface ResizeRows {
  /**
   * Three rows as one, in units of 2 ** −{@link ROW_BITS}; the weights are less than one, together one at most.
   * @param sixteens of bytes of a row
   */
  blend(
    first: number,
    second: number,
    third: number,
    out: number,
    sixteens: number,
    ...weights: Weights
  ): void;
  /** @param table of so many entries, see {@link COLUMN_BYTES}; weights in units of 2 ** −{@link COLUMN_BITS} */
  gather(row: number, table: number, out: number, pixels: number): void;
}

type Weights = [first: number, second: number, third: number];

const { words, longs } = vector;

/** Sixteen bytes at a time, with seven bits after the point until the last. */
const blend: WasmFunction = (() => {
  const [ROWS, OUT, COUNT, WEIGHTS] = [[0, 1, 2], 3, 4, [5, 6, 7]];
  const [PIXELS, LOW, HIGH, FACTORS] = [8, 9, 10, [11, 12, 13]];
  const half = (extend: readonly number[], n: number, sum: number) => [
    ...[...get(PIXELS), ...extend, ...constant(7), ...words.shiftLeft],
    ...[...get(FACTORS[n] as number), ...words.multiplyFraction],
    ...(n > 0 ? [...get(sum), ...words.add] : []),
    ...set(sum),
  ];
  return {
    ...{ name: 'blend', params: 8, integers: 0, vectors: 6 },
    code: [
      ...WEIGHTS.flatMap((weight, n) => [...get(weight), ...words.splat, ...set(FACTORS[n] as number)]),
      ...loop(
        ...ROWS.flatMap((row, n) => [
          ...[...get(row), ...vector.load(0), ...set(PIXELS)],
          ...half(words.fromLowUnsigned, n, LOW),
          ...half(words.fromHighUnsigned, n, HIGH),
          ...add(row, 16),
        ]),
        ...get(OUT),
        ...[LOW, HIGH].flatMap((sum) => [
          ...[...get(sum), ...constant(64), ...words.splat, ...words.add],
          ...[...constant(7), ...words.shiftRight],
        ]),
        ...[...vector.bytes.narrow, ...vector.store(0)],
        ...[...add(OUT, 16), ...add(COUNT, -1), ...get(COUNT)],
      ),
    ],
  };
})();

const gather: WasmFunction = (() => {
  const [ROW, TABLE, OUT, COUNT, PIXELS] = [0, 1, 2, 3, 4];
  /** Two pixels of each channel beside each other, as 16-bit numbers, by their weights. */
  const weigh = (bytes: readonly number[], weights: number) => [
    ...[...get(PIXELS), ...vector.pick(bytes.flatMap((byte) => [byte, undefined]))],
    ...[...get(TABLE), ...loadInteger(weights), ...longs.splat, ...longs.dotPairs],
  ];
  return {
    ...{ name: 'gather', params: 4, integers: 0, vectors: 1 },
    code: loop(
      ...[...get(ROW), ...get(TABLE), ...loadInteger(0), ADD, ...vector.load(0), ...set(PIXELS)],
      ...[...weigh([0, 3, 1, 4, 2, 5], 4), ...weigh([6, 9, 7, 10, 8, 11], 8), ...longs.add],
      ...[...constant(2 ** (COLUMN_BITS - 1)), ...longs.splat, ...longs.add],
      ...[...constant(COLUMN_BITS), ...longs.shiftRight, ...set(PIXELS)],
      ...[...get(OUT), ...get(PIXELS), ...get(PIXELS), ...longs.narrow],
      ...[...get(PIXELS), ...vector.bytes.narrow, ...vector.storeQuarter],
      ...[...add(TABLE, COLUMN_BYTES), ...add(OUT, 3), ...add(COUNT, -1), ...get(COUNT)],
    ),
  };
})();

export const resizeRows: readonly WasmFunction[] = [blend, gather];

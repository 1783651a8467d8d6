import {
  ADD,
  add,
  AND,
  constant,
  double,
  get,
  loop,
  MULTIPLY,
  set,
  SHIFT_RIGHT,
  vector,
  type WasmFunction,
} from './wasm-code.ts';

/** Places between two pixels that are told apart, as bits: twice as many and eight of a byte are less than 31. */
const BITS = 10;
export const FRACTIONS = 2 ** BITS;

/**
 * Colours at points along a line through a picture of three bytes a pixel; all of them, and the pixel after each, lie
 * in it. A pixel of the result is what is at one point, or the mean of four: a and b away from it, to either side.
 * Plain numbers, since it is called for every row of everything that is looked at: places in pixels times
 * {@link FRACTIONS}, from the centre of the picture's first pixel; one byte beyond the result is written.
 */
export interface PointRows {
  one(...row: PointRow): void;
  four(...row: [...PointRow, ax: number, ay: number, bx: number, by: number]): void;
}

type PointRow = [
  picture: number,
  bytesOfARow: number,
  out: number,
  pixels: number,
  x: number,
  y: number,
  right: number,
  down: number,
];

const { longs } = vector;
const [FROM, STRIDE, OUT, COUNT, X, Y, DX, DY, AX, AY, BX, BY] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/** What is added to a place, across and down, as code. */
type Offset = readonly [x: readonly number[], y: readonly number[]];

/** Of the address on the stack, the pixel there and the next: each colour of the left one beside that of the right one. */
const twoPixels = [
  ...vector.loadHalf,
  ...vector.pick([0, 3, 1, 4, 2, 5].flatMap((byte) => [byte, undefined])),
];

/** A function that adds the colours at some points, each `FRACTIONS` squared times, and divides. */
function pointRow(name: string, doubles: number, offsets: readonly Offset[]): WasmFunction {
  const [COLUMN, ROW, AT] = [4 + doubles, 5 + doubles, 6 + doubles];
  const [SUM, WEIGHTS, NORTH] = [7 + doubles, 8 + doubles, 9 + doubles];
  const point = ([dx, dy]: Offset) => [
    ...[...get(X), ...dx, double.truncate, ...set(COLUMN), ...get(Y), ...dy, double.truncate, ...set(ROW)],
    ...[...get(FROM), ...get(ROW), ...constant(BITS), SHIFT_RIGHT, ...get(STRIDE), MULTIPLY, ADD],
    ...[...get(COLUMN), ...constant(BITS), SHIFT_RIGHT, ...constant(3), MULTIPLY, ADD, ...set(AT)],
    // Weights of left and right: (FRACTIONS − n) + n · 2¹⁶.
    ...[
      ...get(COLUMN),
      ...constant(FRACTIONS - 1),
      AND,
      ...constant(65_535),
      MULTIPLY,
      ...constant(FRACTIONS),
      ADD,
      ...longs.splat,
    ],
    ...set(WEIGHTS),
    ...[...get(AT), ...twoPixels, ...get(WEIGHTS), ...longs.dotPairs, ...set(NORTH)],
    ...[...get(AT), ...get(STRIDE), ADD, ...twoPixels, ...get(WEIGHTS), ...longs.dotPairs],
    ...[...get(NORTH), ...longs.subtract],
    ...[...get(ROW), ...constant(FRACTIONS - 1), AND, ...longs.splat, ...longs.multiply],
    ...[...get(NORTH), ...constant(BITS), ...longs.shiftLeft, ...longs.add],
    ...[...get(SUM), ...longs.add, ...set(SUM)],
  ];
  const bits = 2 * BITS + Math.log2(offsets.length);
  return {
    ...{ name, params: 4, doubles, integers: 3, vectors: 3 },
    code: loop(
      ...[...constant(2 ** (bits - 1)), ...longs.splat, ...set(SUM)],
      ...offsets.flatMap(point),
      ...[...get(OUT), ...get(SUM), ...constant(bits), ...longs.shiftRight],
      // What comes second does not matter: only the first three bytes count.
      ...[...get(SUM), ...longs.narrow, ...get(SUM), ...vector.bytes.narrow, ...vector.storeQuarter],
      ...[...get(X), ...get(DX), double.add, ...set(X), ...get(Y), ...get(DY), double.add, ...set(Y)],
      ...[...add(OUT, 3), ...add(COUNT, -1), ...get(COUNT)],
    ),
  };
}

const { add: plus, subtract: minus } = double;

export const pointRows: readonly WasmFunction[] = [
  pointRow('one', 4, [[[], []]]),
  pointRow(
    'four',
    8,
    [plus, minus].flatMap((sign): Offset[] => [
      [
        [...get(AX), sign],
        [...get(AY), sign],
      ],
      [
        [...get(BX), sign],
        [...get(BY), sign],
      ],
    ]),
  ),
];

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

/** Points along a line through a picture of three bytes a pixel; all of them, and the pixel after each, lie in it. */
export interface PointRow {
  /** Address of the picture, and the bytes of a row of it. */
  readonly from: number;
  readonly stride: number;
  /** Address of the result; one byte beyond its end is written. */
  readonly out: number;
  /** Of the result. */
  readonly pixels: number;
  /** The first point, from the centre of the first pixel. */
  readonly x: number;
  readonly y: number;
  /** From each to the next. */
  readonly right: number;
  readonly down: number;
  /** Each pixel is the mean of four points, a and b to either side; of one where this is missing. */
  readonly around?: Around | undefined;
}

export interface Around {
  readonly a: readonly [x: number, y: number];
  readonly b: readonly [x: number, y: number];
}

/** Places between two pixels that are told apart, as bits: twice as many and eight of a byte are less than 31. */
const BITS = 10;
const FRACTIONS = 2 ** BITS;

/** Runs `one` or `four` of {@link pointRows}. */
export function points(
  exports: Readonly<Record<string, (...values: number[]) => void>>,
  { from, stride, out, pixels, x, y, right, down, around }: PointRow,
): void {
  if (pixels <= 0) return;
  const [x0, y0, dx, dy] = [x * FRACTIONS, y * FRACTIONS, right * FRACTIONS, down * FRACTIONS];
  if (!around) {
    exports['one']?.(from, stride, out, pixels, x0, y0, dx, dy);
    return;
  }
  const { a, b } = around;
  exports['four']?.(
    ...([from, stride, out, pixels, x0, y0, dx, dy] as const),
    ...([a[0] * FRACTIONS, a[1] * FRACTIONS, b[0] * FRACTIONS, b[1] * FRACTIONS] as const),
  );
}

const { words, longs } = vector;
const [FROM, STRIDE, OUT, COUNT, X, Y, DX, DY, AX, AY, BX, BY] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/** What is added to a place, across and down, as code. */
type Offset = readonly [x: readonly number[], y: readonly number[]];

/** A function that adds the colours at some points, each `FRACTIONS` squared times, and divides. */
function pointRow(name: string, doubles: number, offsets: readonly Offset[]): WasmFunction {
  const [COLUMN, ROW, AT] = [4 + doubles, 5 + doubles, 6 + doubles];
  const [SUM, PIXELS, WEIGHTS, NORTH] = [7 + doubles, 8 + doubles, 9 + doubles, 10 + doubles];
  const point = ([dx, dy]: Offset) => [
    ...[...get(X), ...dx, double.truncate, ...set(COLUMN), ...get(Y), ...dy, double.truncate, ...set(ROW)],
    ...[...get(FROM), ...get(ROW), ...constant(BITS), SHIFT_RIGHT, ...get(STRIDE), MULTIPLY, ADD],
    ...[...get(COLUMN), ...constant(BITS), SHIFT_RIGHT, ...constant(3), MULTIPLY, ADD, ...set(AT)],
    // The two pixels above and the two below, each colour of the left one beside that of the right one.
    ...[...get(AT), ...vector.loadHalf, ...get(AT), ...get(STRIDE), ADD, ...vector.loadHalf],
    ...[...vector.shuffle([0, 3, 1, 4, 2, 5, 2, 5, 16, 19, 17, 20, 18, 21, 18, 21]), ...set(PIXELS)],
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
    ...[...get(PIXELS), ...words.fromLowUnsigned, ...get(WEIGHTS), ...longs.dotPairs, ...set(NORTH)],
    ...[...get(PIXELS), ...words.fromHighUnsigned, ...get(WEIGHTS), ...longs.dotPairs],
    ...[...get(NORTH), ...longs.subtract],
    ...[...get(ROW), ...constant(FRACTIONS - 1), AND, ...longs.splat, ...longs.multiply],
    ...[...get(NORTH), ...constant(BITS), ...longs.shiftLeft, ...longs.add],
    ...[...get(SUM), ...longs.add, ...set(SUM)],
  ];
  const bits = 2 * BITS + Math.log2(offsets.length);
  return {
    ...{ name, params: 4, doubles, integers: 3, vectors: 4 },
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

import { type PointRows, pointRows } from './point-rows.ts';
import { type ResizeRows, resizeRows } from './resize-rows.ts';
import { type TileRows, tileRows } from './tile-rows.ts';
import {
  add,
  atLeast,
  constant,
  get,
  instantiate,
  loop,
  set,
  vector,
  type WasmFunction,
} from './wasm-code.ts';

/** Rows of pixels of three bytes, in a memory of their own, made smaller, sampled or planes of numbers, many bytes at a time. */
export interface PixelRows {
  /** Its memory, at least so many bytes; what was there before stays, but views of it are lost when it grows. */
  memory(bytes: number): Uint8Array;
  /**
   * Two rows of three, two thirds as wide: of three pixels the outer two each with half as much of the middle one, and
   * so of three rows. Addresses in the memory; up to 16 bytes beyond the rows are read, and up to 9 written.
   * @param out where the upper row goes
   * @param next where the lower one goes; the same place where it is not wanted
   * @param pixels of the result
   */
  thirds(top: number, middle: number, bottom: number, out: number, next: number, pixels: number): void;
  /** Half as wide: each pixel the mean of four. Up to 16 bytes beyond a row are read and written. */
  halves(above: number, below: number, out: number, pixels: number): void;
  /** Colours at points of a picture in the memory. */
  readonly points: PointRows;
  /** Rows mixed, and the pixels of a row. */
  readonly mixed: ResizeRows;
  readonly tiles: TileRows;
}

/** A function that writes one row as three planes of float32: (value − mean) / scale. */
export interface PlaneRows {
  memory(bytes: number): Uint8Array;
  /** @param columns a multiple of 16. @param first, second, third where red, green and blue go; addresses */
  planes(from: number, first: number, second: number, third: number, columns: number): void;
}

export function createPixelRows(): PixelRows {
  const { memory, exports } = instantiate([thirds, halves, ...pointRows, ...resizeRows, ...tileRows]);
  return {
    memory: (bytes) => atLeast(memory, bytes),
    thirds: (top, middle, bottom, out, next, pixels) => {
      const fours = pixels >> 2;
      // First the end, which goes beyond its row: into the one that is written afterwards.
      if ((pixels & 3) > 0) {
        const [from, to] = [fours * 18, fours * 12];
        exports['thirds']?.(top + from, middle + from, bottom + from, out + to, next + to, 1);
      }
      if (fours > 0) exports['thirds']?.(top, middle, bottom, out, next, fours);
    },
    halves: (above, below, out, pixels) => {
      if (pixels > 0) exports['halves']?.(above, below, out, Math.ceil(pixels / 4));
    },
    points: exports as unknown as PointRows,
    mixed: exports as unknown as ResizeRows,
    tiles: exports as unknown as TileRows,
  };
}

export function createPlaneRows(mean: number, scale: number): PlaneRows {
  const { memory, exports } = instantiate([planes(mean, scale)]);
  return {
    memory: (bytes) => atLeast(memory, bytes),
    planes: (...values) => {
      if (values[4] > 0) exports['planes']?.(...values);
    },
  };
}

const { words, floats } = vector;

/** Two pixels as 16-bit numbers, of those that were read. */
const two = (...pixels: [number, number]) =>
  vector.pick(pixels.flatMap((pixel) => [0, 1, 2].flatMap((channel) => [pixel * 3 + channel, undefined])));

/** Reads some pixels of a row, some bytes on, and leaves two of them, `times` over, and two others. */
const weighed = (
  row: number,
  offset: number,
  {
    times,
    main,
    side,
    local,
  }: { times: 1 | 2; main: [number, number]; side: [number, number]; local: number },
) => [
  ...[...get(row), ...vector.load(offset), ...set(local)],
  ...[...get(local), ...two(...main)],
  ...(times === 2 ? [...constant(1), ...words.shiftLeft] : []),
  ...[...get(local), ...two(...side), ...words.add],
];

/** Two pixels beside each other, out of six numbers and six more. */
const sixAndSix = [...vector.bytes.narrow, ...vector.pick([0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13])];

/** Six pixels of each of three rows become four of two. The weights are 4, 2, 2 and 1 ninths. */
const thirds: WasmFunction = (() => {
  const [TOP, MIDDLE, BOTTOM, OUT, NEXT, COUNT] = [0, 1, 2, 3, 4, 5];
  const [PIXELS, BETWEEN, NINTH, UPPER, LOWER] = [6, 7, 8, [9, 10], [11, 12]];
  const row = (which: number, offset: number) =>
    weighed(which, offset, { times: 2, main: [0, 2], side: [1, 1], local: PIXELS });
  const mixed = (which: number, offset: number) => [
    ...[...row(which, offset), ...constant(1), ...words.shiftLeft],
    ...[...get(BETWEEN), ...words.add, ...get(NINTH), ...words.multiplyFraction],
  ];
  const twoPixels = (n: number) => [
    ...[...row(MIDDLE, n * 9), ...set(BETWEEN)],
    ...[...mixed(TOP, n * 9), ...set(UPPER[n] as number)],
    ...[...mixed(BOTTOM, n * 9), ...set(LOWER[n] as number)],
  ];
  const write = (out: number, pair: readonly number[]) => [
    ...[...pair.flatMap((half) => get(half)), ...sixAndSix, ...set(PIXELS)],
    ...[...get(out), ...get(PIXELS), ...vector.storeLowHalf],
    ...[...get(out), ...get(PIXELS), ...vector.storeThirdQuarter],
  ];
  return {
    ...{ name: 'thirds', params: 6, integers: 0, vectors: 7 },
    code: [
      // 3,641 of 32,768 is a ninth.
      ...[...constant(3_641), ...words.splat, ...set(NINTH)],
      ...loop(
        ...[...twoPixels(0), ...twoPixels(1), ...write(NEXT, LOWER), ...write(OUT, UPPER)],
        ...[TOP, MIDDLE, BOTTOM].flatMap((which) => add(which, 18)),
        ...[...add(OUT, 12), ...add(NEXT, 12), ...add(COUNT, -1), ...get(COUNT)],
      ),
    ],
  };
})();

/** Eight pixels of two rows become four. */
const halves: WasmFunction = (() => {
  const [ABOVE, BELOW, OUT, COUNT, PIXELS, FIRST, TWO] = [0, 1, 2, 3, 4, 5, 6];
  const twoPixels = (offset: number) => [
    ...[ABOVE, BELOW].flatMap((row) =>
      weighed(row, offset, { times: 1, main: [0, 2], side: [1, 3], local: PIXELS }),
    ),
    ...[...words.add, ...get(TWO), ...words.add, ...constant(2), ...words.shiftRight],
  ];
  return {
    ...{ name: 'halves', params: 4, integers: 0, vectors: 3 },
    code: [
      ...[...constant(2), ...words.splat, ...set(TWO)],
      ...loop(
        ...[...twoPixels(0), ...set(FIRST), ...get(OUT), ...get(FIRST), ...twoPixels(12)],
        ...[...sixAndSix, ...vector.store(0)],
        ...[...add(ABOVE, 24), ...add(BELOW, 24), ...add(OUT, 12), ...add(COUNT, -1), ...get(COUNT)],
      ),
    ],
  };
})();

/** Four pixels at a time, four times: twelve bytes become three times four floats. */
function planes(mean: number, scale: number): WasmFunction {
  const [FROM, COLUMNS, PIXELS] = [0, 4, 5];
  const four = (n: number) => [
    ...[...get(FROM), ...vector.load(n * 12), ...set(PIXELS)],
    ...[0, 1, 2].flatMap((channel) => [
      ...[...get(1 + channel), ...get(PIXELS)],
      ...vector.pick([0, 1, 2, 3].flatMap((pixel) => [pixel * 3 + channel, undefined, undefined, undefined])),
      ...[...floats.fromLongs, ...floats.constant(mean), ...floats.subtract],
      ...[...floats.constant(1 / scale), ...floats.multiply, ...vector.store(n * 16)],
    ]),
  ];
  return {
    ...{ name: 'planes', params: 5, integers: 0, vectors: 1 },
    code: loop(
      ...[0, 1, 2, 3].flatMap(four),
      ...[1, 2, 3].flatMap((plane) => add(plane, 64)),
      ...[...add(FROM, 48), ...add(COLUMNS, -16), ...get(COLUMNS)],
    ),
  };
}

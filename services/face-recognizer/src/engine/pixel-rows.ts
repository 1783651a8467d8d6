import { type PointRows, pointRows } from './point-rows.ts';
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
   * Two thirds as wide: of three pixels the outer two each with half as much of the middle one; the rows as well, two
   * parts of `major` and one of `minor`. Addresses in the memory; up to 16 bytes beyond a row are read and written.
   * @param pixels of the result
   */
  thirds(major: number, minor: number, out: number, pixels: number): void;
  /** Half as wide: each pixel the mean of four. */
  halves(above: number, below: number, out: number, pixels: number): void;
  /** Colours at points of a picture in the memory. */
  readonly points: PointRows;
}

/** A function that writes one row as three planes of float32: (value − mean) / scale. */
export interface PlaneRows {
  memory(bytes: number): Uint8Array;
  /** @param columns a multiple of 16. @param first, second, third where red, green and blue go; addresses */
  planes(from: number, first: number, second: number, third: number, columns: number): void;
}

export function createPixelRows(): PixelRows {
  const { memory, exports } = instantiate([thirds, halves, ...pointRows]);
  const call = (name: string, above: number, below: number, out: number, pixels: number) => {
    if (pixels > 0) exports[name]?.(above, below, out, Math.ceil(pixels / 4));
  };
  return {
    memory: (bytes) => atLeast(memory, bytes),
    thirds: (major, minor, out, pixels) => call('thirds', major, minor, out, pixels),
    halves: (above, below, out, pixels) => call('halves', above, below, out, pixels),
    points: exports as unknown as PointRows,
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

const [ABOVE, BELOW, OUT, COUNT] = [0, 1, 2, 3];
const [PIXELS, SUM, FIRST] = [4, 5, 6];

/** Two pixels as 16-bit numbers, of those that were read. */
const two = (...pixels: [number, number]) =>
  vector.pick(pixels.flatMap((pixel) => [0, 1, 2].flatMap((channel) => [pixel * 3 + channel, undefined])));

/** Reads some pixels of a row, some bytes on, and leaves `main` times two of them and two others. */
const weighed = (
  row: number,
  offset: number,
  main: { readonly times: 1 | 2; readonly pixels: [number, number] },
  side: [number, number],
) => [
  ...[...get(row), ...vector.load(offset), ...set(PIXELS)],
  ...[...get(PIXELS), ...two(...main.pixels)],
  ...(main.times === 2 ? [...constant(1), ...words.shiftLeft] : []),
  ...[...get(PIXELS), ...two(...side), ...words.add],
];

/** Two pixels beside each other, out of six numbers and six more. */
const sixAndSix = vector.pick([0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);

/** Writes four pixels of two rows. @param half two of them, from so many bytes on @param length bytes that they are made of */
const fourPixels = (half: (offset: number) => readonly number[], length: number): readonly number[] =>
  loop(
    ...[...half(0), ...set(FIRST), ...get(OUT), ...get(FIRST), ...half(length / 2)],
    ...[...vector.bytes.narrow, ...sixAndSix, ...vector.store(0)],
    ...[...add(ABOVE, length), ...add(BELOW, length), ...add(OUT, 12), ...add(COUNT, -1), ...get(COUNT)],
  );

/** Six pixels of each row become four. The weights are 4, 2, 2 and 1 ninths. */
const thirds: WasmFunction = {
  ...{ name: 'thirds', params: 4, integers: 0, vectors: 3 },
  code: fourPixels((offset) => {
    const row = (which: number) => weighed(which, offset, { times: 2, pixels: [0, 2] }, [1, 1]);
    return [
      ...[...row(ABOVE), ...constant(1), ...words.shiftLeft, ...set(SUM)],
      ...[...row(BELOW), ...get(SUM), ...words.add],
      // 3,641 of 32,768 is a ninth.
      ...[...constant(3_641), ...words.splat, ...words.multiplyFraction],
    ];
  }, 18),
};

/** Eight pixels of each row become four. */
const halves: WasmFunction = {
  ...{ name: 'halves', params: 4, integers: 0, vectors: 3 },
  code: fourPixels((offset) => {
    const row = (which: number) => weighed(which, offset, { times: 1, pixels: [0, 2] }, [1, 3]);
    return [
      ...[...row(ABOVE), ...row(BELOW), ...words.add],
      ...[...constant(2), ...words.splat, ...words.add, ...constant(2), ...words.shiftRight],
    ];
  }, 24),
};

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

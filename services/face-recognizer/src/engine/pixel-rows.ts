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

const { words, longs, floats } = vector;

/** Bytes of pixels out of two vectors, of which the second begins `apart` bytes after the first. */
const pixels = (which: readonly number[], apart: number) =>
  vector.shuffle(
    which.flatMap((pixel) =>
      [0, 1, 2].map((channel) => {
        const byte = pixel * 3 + channel;
        return byte < 16 ? byte : 16 + byte - apart;
      }),
    ),
  );

const [ABOVE, BELOW, OUT, COUNT] = [0, 1, 2, 3];
const [LEFT, RIGHT, MAIN, SIDE, LOW, HIGH] = [4, 5, 6, 7, 8, 9];

/** Two vectors of a row into which LEFT and RIGHT pixels are read, four of each kind. */
const readRow = (row: number, apart: number, main: readonly number[], side: readonly number[]) => [
  ...[...get(row), ...vector.load(0), ...set(LEFT), ...get(row), ...vector.load(apart), ...set(RIGHT)],
  ...[...get(LEFT), ...get(RIGHT), ...pixels(main, apart), ...set(MAIN)],
  ...[...get(LEFT), ...get(RIGHT), ...pixels(side, apart), ...set(SIDE)],
];

/** As 16-bit numbers `main` times MAIN and SIDE, of their lower or upper eight bytes. */
const weigh = (extend: readonly number[], main: 1 | 2) => [
  ...[...get(MAIN), ...extend],
  ...(main === 2 ? [...get(MAIN), ...extend, ...words.add] : []),
  ...[...get(SIDE), ...extend, ...words.add],
];

/** Six pixels of each row become four. The weights are 4, 2, 2 and 1 ninths. */
const thirds: WasmFunction = {
  ...{ name: 'thirds', params: 4, integers: 0, vectors: 6 },
  code: loop(
    ...readRow(ABOVE, 2, [0, 2, 3, 5], [1, 1, 4, 4]),
    ...[...weigh(words.fromLowUnsigned, 2), ...set(LOW), ...weigh(words.fromHighUnsigned, 2), ...set(HIGH)],
    ...readRow(BELOW, 2, [0, 2, 3, 5], [1, 1, 4, 4]),
    ...get(OUT),
    ...[LOW, HIGH].flatMap((half) => [
      ...[...get(half), ...get(half), ...words.add],
      ...weigh(half === LOW ? words.fromLowUnsigned : words.fromHighUnsigned, 2),
      ...words.add,
      // 3,641 of 32,768 is a ninth.
      ...[...constant(3_641), ...words.splat, ...words.multiplyFraction],
    ]),
    ...[...vector.bytes.narrow, ...vector.store(0)],
    ...[...add(ABOVE, 18), ...add(BELOW, 18), ...add(OUT, 12), ...add(COUNT, -1), ...get(COUNT)],
  ),
};

/** Eight pixels of each row become four. */
const halves: WasmFunction = {
  ...{ name: 'halves', params: 4, integers: 0, vectors: 6 },
  code: loop(
    ...readRow(ABOVE, 8, [0, 2, 4, 6], [1, 3, 5, 7]),
    ...[...weigh(words.fromLowUnsigned, 1), ...set(LOW), ...weigh(words.fromHighUnsigned, 1), ...set(HIGH)],
    ...readRow(BELOW, 8, [0, 2, 4, 6], [1, 3, 5, 7]),
    ...get(OUT),
    ...[LOW, HIGH].flatMap((half) => [
      ...get(half),
      ...weigh(half === LOW ? words.fromLowUnsigned : words.fromHighUnsigned, 1),
      ...words.add,
      ...[...constant(2), ...words.splat, ...words.add, ...constant(2), ...words.shiftRight],
    ]),
    ...[...vector.bytes.narrow, ...vector.store(0)],
    ...[...add(ABOVE, 24), ...add(BELOW, 24), ...add(OUT, 12), ...add(COUNT, -1), ...get(COUNT)],
  ),
};

/** Sixteen pixels at a time: 48 bytes become three times sixteen floats. */
function planes(mean: number, scale: number): WasmFunction {
  const [FROM, COLUMNS] = [0, 4];
  const [A, B, C, BYTES, WORDS] = [5, 6, 7, 8, 9];
  const four = (extend: readonly number[], channel: number, offset: number) => [
    ...[...get(1 + channel), ...get(WORDS), ...extend, ...floats.fromLongs],
    ...[...floats.constant(mean), ...floats.subtract],
    ...[...floats.constant(1 / scale), ...floats.multiply, ...vector.store(offset)],
  ];
  const eight = (extend: readonly number[], channel: number, offset: number) => [
    ...[...get(BYTES), ...extend, ...set(WORDS)],
    ...four(longs.fromLowUnsigned, channel, offset),
    ...four(longs.fromHighUnsigned, channel, offset + 16),
  ];
  const channels = [0, 1, 2].flatMap((channel) => {
    const from = Array.from({ length: 16 }, (_, n) => n * 3 + channel);
    return [
      // Those of the first 32 bytes, then the rest in their places.
      ...[...get(A), ...get(B), ...vector.shuffle(from.map((byte) => (byte < 32 ? byte : 0)))],
      ...[...get(C), ...vector.shuffle(from.map((byte, n) => (byte < 32 ? n : byte - 16)))],
      ...set(BYTES),
      ...eight(words.fromLowUnsigned, channel, 0),
      ...eight(words.fromHighUnsigned, channel, 32),
      ...add(1 + channel, 64),
    ];
  });
  return {
    ...{ name: 'planes', params: 5, integers: 0, vectors: 5 },
    code: loop(
      ...[A, B, C].flatMap((part, n) => [...get(FROM), ...vector.load(n * 16), ...set(part)]),
      ...channels,
      ...[...add(FROM, 48), ...add(COLUMNS, -16), ...get(COLUMNS)],
    ),
  };
}

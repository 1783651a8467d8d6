/** What is needed to write small programs of WebAssembly by hand: its vectors do sixteen bytes at once, JavaScript one. */

export const I32 = 0x7f;
export const F64 = 0x7c;
export const V128 = 0x7b;
export const END = 0x0b;

/** A local, by its number: parameters come first. */
export const get = (local: number): number[] => [0x20, local];
export const set = (local: number): number[] => [0x21, local];
export const constant = (value: number): number[] => [0x41, ...signedLeb(value)];
export const ADD = 0x6a;
export const MULTIPLY = 0x6c;
export const AND = 0x71;
export const SHIFT_RIGHT = 0x75;
/** The integer at an address, so many bytes on. */
export const loadInteger = (offset: number): number[] => [0x28, 2, ...leb(offset)];
/** Of 64-bit floats, the last to a 32-bit integer, towards zero. */
export const double = { add: 0xa0, subtract: 0xa1, truncate: 0xaa } as const;
/** Adds a number to a local. */
export const add = (local: number, value: number): number[] => [
  ...get(local),
  ...constant(value),
  ADD,
  ...set(local),
];
/** Adds a local to another. */
export const addTo = (local: number, other: number): number[] => [
  ...get(local),
  ...get(other),
  ADD,
  ...set(local),
];
/** So many bytes, from an address to another: to, from and how many. */
export const copyBytes: readonly number[] = [0xfc, 0x0a, 0x00, 0x00];
/** Does it again as long as what `body` leaves on the stack is not zero. */
export const loop = (...body: number[]): number[] => [0x03, 0x40, ...body, 0x0d, 0x00, END];

/** An instruction on vectors, by its number. */
const simd = (code: number, ...more: number[]): number[] => [0xfd, ...leb(code), ...more];

export const vector = {
  load: (offset: number) => simd(0x00, 0, ...leb(offset)),
  store: (offset: number) => simd(0x0b, 0, ...leb(offset)),
  /** Eight bytes, then zeros. */
  loadHalf: simd(0x5d, 0, 0),
  /** The first four bytes. */
  storeQuarter: simd(0x5a, 0, 0, 0),
  /** The first eight bytes. */
  storeLowHalf: simd(0x5b, 0, 0, 0),
  /** The four bytes after the first eight, eight bytes on. */
  storeThirdQuarter: simd(0x5a, 0, 8, 2),
  or: simd(0x50),
  zero: simd(0x0c, ...new Array<number>(16).fill(0)),
  /**
   * Sixteen bytes of a vector in another order; zeros where none is named. One instruction of the processor, where
   * choosing from two vectors takes a dozen.
   */
  pick: (bytes: readonly (number | undefined)[]) => [
    ...simd(0x0c, ...Array.from({ length: 16 }, (_, n) => bytes[n] ?? 0x80)),
    ...simd(0x0e),
  ],
  bytes: { narrow: simd(0x66) },
  words: {
    splat: simd(0x10),
    fromLowBytes: simd(0x87),
    fromHighBytes: simd(0x88),
    fromLowUnsigned: simd(0x89),
    fromHighUnsigned: simd(0x8a),
    shiftLeft: simd(0x8b),
    shiftRight: simd(0x8d),
    add: simd(0x8e),
    /** (a · b + 2¹⁴) / 2¹⁵ */
    multiplyFraction: simd(0x82),
  },
  longs: {
    dotPairs: simd(0xba),
    splat: simd(0x11),
    add: simd(0xae),
    subtract: simd(0xb1),
    multiply: simd(0xb5),
    shiftLeft: simd(0xab),
    shiftRight: simd(0xac),
    /** To 16 bits each. */
    narrow: simd(0x85),
    fromLowUnsigned: simd(0xa9),
    fromHighUnsigned: simd(0xaa),
    lane: (n: number) => simd(0x1b, n),
  },
  floats: {
    /** Four times the same number. */
    constant: (value: number) => {
      const four = new Uint8Array(Float32Array.of(value, value, value, value).buffer);
      return simd(0x0c, ...four);
    },
    fromLongs: simd(0xfb),
    subtract: simd(0xe5),
    multiply: simd(0xe6),
  },
} as const;

/** A function of 32-bit integers, then 64-bit floats, that answers nothing. */
export interface WasmFunction {
  readonly name: string;
  readonly params: number;
  readonly doubles?: number;
  /** Further locals of 32 bits, then vectors; both are zero at first. */
  readonly integers: number;
  readonly vectors: number;
  readonly code: readonly number[];
}

/** WebAssembly's memory ends at 4 GB. */
export const MAX_PAGES = 65_536;
export const PAGE_BYTES = 65_536;

/** Functions on a memory of their own, by name. */
export function instantiate(functions: readonly WasmFunction[]): {
  memory: WebAssembly.Memory;
  exports: Readonly<Record<string, (...values: number[]) => void>>;
} {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(program(functions)), { env: { memory } });
  return { memory, exports: instance.exports as Readonly<Record<string, (...values: number[]) => void>> };
}

/** A memory's bytes, at least so many; what was there stays, but views of it are lost when it grows. */
export function atLeast(memory: WebAssembly.Memory, bytes: number): Uint8Array {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (missing > 0) memory.grow(missing);
  return new Uint8Array(memory.buffer);
}

function program(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const bodies = functions.map(({ integers, vectors, code }) => {
    const body = [2, ...leb(integers), I32, ...leb(vectors), V128, ...code, END];
    return [...leb(body.length), ...body];
  });
  const types = functions.map(({ params, doubles = 0 }) => {
    const kinds = [...new Array<number>(params).fill(I32), ...new Array<number>(doubles).fill(F64)];
    return [0x60, kinds.length, ...kinds, 0];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x01, 1, ...leb(MAX_PAGES)]]),
    ...section(
      3,
      functions.map((_, n) => [n]),
    ),
    ...section(
      7,
      functions.map(({ name }, n) => [...text(name), 0x00, n]),
    ),
    ...section(10, bodies),
  ]);
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = [...leb(entries.length), ...entries.flat()];
  return [id, ...leb(content.length), ...content];
}

const text = (value: string) => [value.length, ...Buffer.from(value)];

/** LEB128, as WebAssembly writes numbers. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

function signedLeb(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signedLeb(value >> 7)];
}

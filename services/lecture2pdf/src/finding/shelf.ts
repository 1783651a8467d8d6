/** Puts a copy of what is in small memory on the shelf, and returns that. */
export type Keep = <T extends Kept>(array: T) => T;

type Kept = Uint8Array | Uint16Array | Int32Array;

/** So large that the allocator asks the system for each piece, and gives each back whole. */
const PIECE_BYTES = 2 ** 17;
/** Every array begins where the widest of them may. */
const ALIGNMENT = Int32Array.BYTES_PER_ELEMENT;

/**
 * A shelf for small arrays that stay for long: one behind the other, in pieces that go when all of theirs have gone. Each
 * in memory of its own, they lie scattered among what comes and goes meanwhile, and the memory between them, several
 * times as much, stays with the process for good.
 */
export function createShelf(): Keep {
  let piece = new ArrayBuffer(0);
  let used = 0;
  return <T extends Kept>(array: T): T => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    if (used + bytes.length > piece.byteLength) {
      piece = new ArrayBuffer(Math.max(PIECE_BYTES, bytes.length));
      used = 0;
    }
    new Uint8Array(piece, used).set(bytes);
    const kept = Reflect.construct(array.constructor, [piece, used, array.length]) as T;
    used = Math.ceil((used + bytes.length) / ALIGNMENT) * ALIGNMENT;
    return kept;
  };
}

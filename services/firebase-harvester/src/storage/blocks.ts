import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

/** A new block is begun when less room than this is left, so that few bytes never cost a call. */
const LEAST_ROOM = 2 ** 16;
/** So many unused blocks are kept; a moment's peak is not kept for good. */
const MOST_FREE = 64;

const blockOf = new WeakMap<ArrayBufferLike, Block>();
const blockHeldBy = new WeakMap<Uint8Array, Block>();

/**
 * Memory that a socket fills from its start to its end. It is used again when the socket has gone on to the next, all that
 * was held of it is given back, and it ends in a body: what comes after a body is the head of the next answer, of which
 * undici keeps pieces until the rest is there. What is never given back is left to the garbage collector.
 */
class Block {
  readonly #memory: Buffer;
  #filled = 0;
  #bodiesEnd = 0;
  #held = 0;
  #isLeft = false;

  constructor(
    size: number,
    readonly onUnused: (block: Block) => void,
  ) {
    // The store's thread sees it as it is, without a copy.
    this.#memory = Buffer.from(new SharedArrayBuffer(size));
    blockOf.set(this.#memory.buffer, this);
  }

  room(): Buffer {
    return this.#memory.subarray(this.#filled);
  }

  /** What the socket put at the start of the room. */
  take(bytes: number): Buffer {
    const start = this.#filled;
    this.#filled += bytes;
    return this.#memory.subarray(start, this.#filled);
  }

  hold(chunk: Uint8Array): void {
    this.#held++;
    this.#bodiesEnd = chunk.byteOffset + chunk.byteLength;
  }

  giveBack(): void {
    this.#held--;
    this.#reuse();
  }

  leave(): void {
    this.#isLeft = true;
    this.#reuse();
  }

  #reuse(): void {
    if (!this.#isLeft || this.#held > 0 || this.#bodiesEnd !== this.#filled) return;
    this.#isLeft = false;
    this.#filled = 0;
    this.#bodiesEnd = 0;
    this.onUnused(this);
  }
}

/**
 * Connections that read into blocks of so many bytes, which are used over and over. By itself Node takes new memory for
 * each piece that comes: to collect that again is half of what a transfer costs.
 * @param more how to connect, as undici knows it
 */
export function connectIntoBlocks(
  size: number,
  more: buildConnector.BuildOptions = {},
): buildConnector.connector {
  const free: Block[] = [];
  const next = () =>
    free.pop() ??
    new Block(size, (block) => {
      if (free.length < MOST_FREE) free.push(block);
    });
  return (options, callback) => {
    let block = next();
    let socket: Socket | null = null;
    const buffer = () => {
      if (block.room().length < LEAST_ROOM) {
        block.leave();
        block = next();
      }
      return block.room();
    };
    const onBytes = (bytes: number) => socket?.push(block.take(bytes)) ?? false;
    // One for each socket: what it reads into is told when it is made.
    const reading = { highWaterMark: size, onread: { buffer, callback: onBytes } };
    const connect = buildConnector({ ...more, ...reading });
    connect(options, (...[error, connected]) => {
      if (error) {
        callback(error, null);
        return;
      }
      socket = connected;
      connected.once('close', () => block.leave());
      callback(null, connected);
    });
  };
}

/** Says that a piece of a body will be looked at; it is given back, or left to the garbage collector. */
export function hold(chunk: Uint8Array): void {
  const block = blockOf.get(chunk.buffer);
  if (!block) return;
  block.hold(chunk);
  blockHeldBy.set(chunk, block);
}

/** Nobody looks at this very piece any more. Said twice, or of what is no such piece, it does nothing. */
export function giveBack(chunk: Uint8Array): void {
  const block = blockHeldBy.get(chunk);
  if (!block) return;
  blockHeldBy.delete(chunk);
  block.giveBack();
}

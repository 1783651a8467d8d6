import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from '@mediaworks/runtime';
import { asStorageError, onDisk } from './local-errors.ts';
import { pathOf } from './local-folder.ts';

/** What the disk is handed at a time. */
const BLOCK_BYTES = 2 ** 19;
/** Of this are the beginning, the length and the memory of what goes past the page cache multiples. */
const PAGE_BYTES = 2 ** 12;
/** With less, to open the file once more costs more than it saves. */
const LEAST_DIRECT_BYTES = 2 ** 17;
/** So many blocks begin at a page. More than these are seldom under way, and go through the page cache. */
const ALIGNED_BLOCKS = 64;
const WASM_PAGE_BYTES = 2 ** 16;

interface Block {
  readonly bytes: Uint8Array;
  readonly aligned: boolean;
}

const blocks = createBlocks();

/**
 * Writes what a file is to hold: the next block is gathered while the last one is written. Whole pages go past the page
 * cache where the file system can do that: they are to be on the disk at once anyway, and to put them into the cache
 * first and sync that costs several times the processor.
 */
export class BlockWriter {
  #block = blocks.take();
  #filled = 0;
  #position = 0;
  #writing: Promise<void> = Promise.resolve();
  /** The file, opened once more. Null where that is not to be had. */
  #direct: FileHandle | null | undefined;

  /** @param handle of an empty file, which stays open */
  constructor(readonly handle: FileHandle) {}

  /**
   * Takes a copy of a chunk. Where there is a promise, it is to be waited for before the next one.
   * @throws StorageError `no_space`, `unavailable`, of this chunk or an earlier one
   */
  add(chunk: Uint8Array): Promise<void> | undefined {
    const part = chunk.subarray(0, BLOCK_BYTES - this.#filled);
    this.#block.bytes.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled < BLOCK_BYTES) return undefined;
    return this.#flush().then(() => this.add(chunk.subarray(part.length)));
  }

  /** Resolves when all is written, though not synced. @throws as `add` */
  async end(): Promise<void> {
    await this.#flush();
    await this.#writing;
  }

  /** Rests when nothing is being written any more, whether that succeeded or not. */
  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    blocks.giveBack(this.#block);
    await this.#direct?.close();
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const [block, size, position] = [this.#block, this.#filled, this.#position];
    this.#block = blocks.take();
    this.#filled = 0;
    this.#position += size;
    this.#writing = this.#write(block, size, position).finally(() => blocks.giveBack(block));
    // Whoever awaits it next sees the error; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
  }

  async #write({ bytes, aligned }: Block, size: number, position: number): Promise<void> {
    const pages = aligned ? size - (size % PAGE_BYTES) : 0;
    let at = await this.#writeDirect(bytes.subarray(0, pages), position);
    // A disk that fills up first writes less than it was given, and says why only when asked again.
    while (at < size) {
      const { bytesWritten } = await onDisk(this.handle.write(bytes, at, size - at, position + at));
      at += bytesWritten;
    }
  }

  /** @returns how much of it is written; the rest is for the page cache */
  async #writeDirect(pages: Uint8Array, position: number): Promise<number> {
    const few = pages.length < (this.#direct ? PAGE_BYTES : LEAST_DIRECT_BYTES);
    if (few || this.#direct === null) return 0;
    this.#direct ??= await openDirect(this.handle);
    try {
      return (await this.#direct?.write(pages, 0, pages.length, position))?.bytesWritten ?? 0;
    } catch (error) {
      // The disk's blocks are larger than that.
      if (errorCode(error) === 'EINVAL') return 0;
      throw asStorageError(error);
    }
  }
}

/** Null where the system or the file system has no such thing. */
async function openDirect(handle: FileHandle): Promise<FileHandle | null> {
  const path = pathOf(handle);
  if (path === undefined) return null;
  return open(path, constants.O_WRONLY | constants.O_DIRECT).catch(() => null);
}

/** Blocks that are used over and over. */
function createBlocks() {
  const free: Block[] = [];
  let rest: Uint8Array[] | undefined;
  return {
    take(): Block {
      const block = free.pop();
      if (block) return block;
      rest ??= alignedBlocks();
      const aligned = rest.pop();
      return { bytes: aligned ?? new Uint8Array(BLOCK_BYTES), aligned: aligned !== undefined };
    },
    giveBack(block: Block): void {
      if (block.aligned) free.push(block);
    },
  };
}

/** Of all memory that Node gives, only WebAssembly's is certain to begin at a page. It takes room when it is used. */
function alignedBlocks(): Uint8Array[] {
  const pages = (ALIGNED_BLOCKS * BLOCK_BYTES) / WASM_PAGE_BYTES;
  try {
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    return Array.from(
      { length: ALIGNED_BLOCKS },
      (_, n) => new Uint8Array(buffer, n * BLOCK_BYTES, BLOCK_BYTES),
    );
  } catch {
    // It reserves far more addresses than it takes memory, which a limit may forbid.
    return [];
  }
}

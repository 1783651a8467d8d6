import { createHash } from 'node:crypto';
import { close, constants, fdatasync, open, write } from 'node:fs';
import { promisify } from 'node:util';
import { PAGE_BYTES } from '@mediaworks/runtime/page-memory';
import { type Block, BLOCK_BYTES, blocks, copyInto } from './local-blocks.ts';

/** With less, to open the file once more costs more than it saves. */
const LEAST_DIRECT_BYTES = 2 ** 17;

const disk = {
  open: promisify(open),
  write: promisify(write),
  datasync: promisify(fdatasync),
  close: promisify(close),
};

/** Calls that seldom wait for the disk: a thread that nobody waits for makes them itself, which is cheaper. */
export interface ShortCalls {
  open(path: string, flags: string | number, mode?: number): number | Promise<number>;
  close(fd: number): void | Promise<void>;
}

/** Takes what a new file is to hold. What it throws and rejects with is the system's. */
export interface FileWriter {
  /** Where there is a promise, it is to be waited for before the next chunk. */
  add(chunk: Uint8Array): Promise<void> | undefined;
  /** @returns the SHA-256 in hex, when all is on the disk */
  end(): Promise<string>;
  /** To be called in any case. Resolves when nothing is being written any more, and the file is closed. */
  close(): Promise<void>;
}

/**
 * Hashes the chunks, and gathers a copy of them into blocks: the next one is gathered while the last one is written.
 * Whole pages go past the page cache where the file system can do that: they are to be on the disk at once anyway, and to
 * put them into the cache first and sync that costs several times the processor.
 */
export class BlockWriter implements FileWriter {
  readonly #hash = createHash('sha256');
  #block: Block | undefined;
  #filled = 0;
  #position = 0;
  #adding: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #fd: number | undefined;
  /** The file, opened once more. Null where that is not to be had. */
  #direct: number | null | undefined;

  /** @param path of a file that must not exist */
  constructor(
    readonly path: string,
    readonly calls: ShortCalls = disk,
  ) {}

  add(chunk: Uint8Array): Promise<void> | undefined {
    const part = chunk.subarray(0, BLOCK_BYTES - this.#filled);
    // Hashed first: that waits for no memory, and the copy is made of what is near the processor then.
    this.#hash.update(part);
    copyInto((this.#block ??= blocks.take()).bytes, part, this.#filled);
    this.#filled += part.length;
    if (this.#filled < BLOCK_BYTES) return undefined;
    const rest = chunk.subarray(part.length);
    return (this.#adding = this.#flush().then(() => (rest.length > 0 ? this.add(rest) : undefined)));
  }

  async end(): Promise<string> {
    const fd = await this.#flush();
    await this.#writing;
    await disk.datasync(fd);
    return this.#hash.digest('hex');
  }

  async close(): Promise<void> {
    // Whoever gave up does not wait for it, and goes on to write; under a closed file's number there may be another.
    await this.#adding?.catch(() => undefined);
    await this.#writing.catch(() => undefined);
    if (this.#block) blocks.giveBack(this.#block);
    for (const fd of [this.#direct, this.#fd]) if (typeof fd === 'number') await this.calls.close(fd);
  }

  async #flush(): Promise<number> {
    const fd = (this.#fd ??= await this.calls.open(this.path, 'wx', 0o644));
    await this.#writing;
    const [block, size, position] = [this.#block, this.#filled, this.#position];
    if (!block) return fd;
    this.#block = undefined;
    this.#filled = 0;
    this.#position += size;
    this.#writing = this.#write(fd, block, size, position).finally(() => blocks.giveBack(block));
    // Whoever awaits it next sees the error; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
    // Then its own is the next one.
    if (!blocks.hasFree) await this.#writing;
    return fd;
  }

  async #write(fd: number, { bytes, aligned }: Block, size: number, position: number): Promise<void> {
    const pages = aligned ? size - (size % PAGE_BYTES) : 0;
    let at = await this.#writeDirect(fd, bytes.subarray(0, pages), position);
    // A disk that fills up first writes less than it was given, and says why only when asked again.
    while (at < size) at += (await disk.write(fd, bytes, at, size - at, position + at)).bytesWritten;
  }

  /** @returns how much of it is written; the rest is for the page cache */
  async #writeDirect(fd: number, pages: Uint8Array, position: number): Promise<number> {
    const few = pages.length < (typeof this.#direct === 'number' ? PAGE_BYTES : LEAST_DIRECT_BYTES);
    if (few) return 0;
    if (this.#direct === undefined) this.#direct = await this.#openDirect(fd);
    if (this.#direct === null) return 0;
    try {
      return (await disk.write(this.#direct, pages, 0, pages.length, position)).bytesWritten;
    } catch (error) {
      // The disk's blocks are larger than a page.
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return 0;
      throw error;
    }
  }

  /** Null where the system or the file system has no such thing. */
  async #openDirect(fd: number): Promise<number | null> {
    if (process.platform !== 'linux') return null;
    try {
      return await this.calls.open(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_DIRECT);
    } catch {
      return null;
    }
  }
}

import { createHash } from 'node:crypto';
import { close, constants, fdatasync, open, write } from 'node:fs';
import { promisify } from 'node:util';
import type { Block } from './local-blocks.ts';

/** Of this are the beginning, the length and the memory of what goes past the page cache multiples. */
const PAGE_BYTES = 2 ** 12;
/** With less, to open the file once more costs more than it saves. */
const LEAST_DIRECT_BYTES = 2 ** 17;

const disk = {
  open: promisify(open),
  write: promisify(write),
  datasync: promisify(fdatasync),
  close: promisify(close),
};

/** Where the blocks of a file go. Each rejects with the system's error. */
export interface Sink {
  /** One after the other, from the start on. */
  write(block: Block, size: number, position: number): Promise<void>;
  /** @returns the SHA-256 in hex, when all is on the disk */
  end(): Promise<string>;
  /** Waited for whether it has ended or not. */
  close(): Promise<void>;
}

/** Into an open, empty file, by this thread. */
export function sinkOf(fd: number): Sink {
  const sink = new FileSink(fd);
  return {
    write: ({ bytes, index }, size, position) =>
      sink.write(bytes.subarray(0, size), index !== undefined, position),
    end: () => sink.end(),
    close: () => sink.close(),
  };
}

/**
 * Writes blocks to an open file and hashes them. Whole pages go past the page cache where the file system can do that:
 * they are to be on the disk at once anyway, and to put them into the cache first and sync that costs several times the
 * processor.
 */
export class FileSink {
  readonly #hash = createHash('sha256');
  /** The file, opened once more. Null where that is not to be had. */
  #direct: number | null | undefined;

  /** @param fd of an empty file, which stays open */
  constructor(readonly fd: number) {}

  /**
   * One after the other.
   * @param aligned whether these bytes begin at a page of memory
   * @throws the system's error
   */
  async write(bytes: Uint8Array, aligned: boolean, position: number): Promise<void> {
    const writing = this.#write(bytes, aligned, position);
    this.#hash.update(bytes);
    await writing;
  }

  /** @returns the SHA-256 in hex when all is on the disk. @throws the system's error */
  async end(): Promise<string> {
    await disk.datasync(this.fd);
    return this.#hash.digest('hex');
  }

  async close(): Promise<void> {
    if (typeof this.#direct === 'number') await disk.close(this.#direct);
    this.#direct = null;
  }

  async #write(bytes: Uint8Array, aligned: boolean, position: number): Promise<void> {
    const pages = aligned ? bytes.length - (bytes.length % PAGE_BYTES) : 0;
    let at = await this.#writeDirect(bytes.subarray(0, pages), position);
    // A disk that fills up first writes less than it was given, and says why only when asked again.
    while (at < bytes.length) {
      const { bytesWritten } = await disk.write(this.fd, bytes, at, bytes.length - at, position + at);
      at += bytesWritten;
    }
  }

  /** @returns how much of it is written; the rest is for the page cache */
  async #writeDirect(pages: Uint8Array, position: number): Promise<number> {
    const few = pages.length < (typeof this.#direct === 'number' ? PAGE_BYTES : LEAST_DIRECT_BYTES);
    if (few) return 0;
    if (this.#direct === undefined) this.#direct = await openDirect(this.fd);
    if (this.#direct === null) return 0;
    try {
      return (await disk.write(this.#direct, pages, 0, pages.length, position)).bytesWritten;
    } catch (error) {
      // The disk's blocks are larger than a page.
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return 0;
      throw error;
    }
  }
}

/** Null where the system or the file system has no such thing. */
async function openDirect(fd: number): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  return disk.open(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_DIRECT).catch(() => null);
}

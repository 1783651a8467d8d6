import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { BLOCK_BYTES, type Block, blocks } from './local-blocks.ts';
import { onDisk } from './local-errors.ts';
import { type Sink, sinkOf } from './local-sink.ts';
import { startWriteThread, type WriteThread } from './local-write-thread.ts';
import type { Body, PutOptions } from './object-store.ts';
import { checkSize } from './put-checks.ts';
import { eachChunk } from './read-body.ts';

/** How much is read of a file at once. */
export const READ_BYTES = 2 ** 18;

/** From so many bytes on it is worth to have another thread write them. */
const LEAST_HANDED_ON = 2 ** 17;

export type Writing = ReturnType<typeof createWriting>;

/**
 * Writes bodies to files and hashes them on the way; where several are written at a time, in a thread of their own.
 * @param thread by default one is started when it is needed
 */
export function createWriting(thread?: WriteThread) {
  let underWay = 0;
  const sinkFor = ({ fd }: FileHandle, block: Block, size: number): Sink => {
    if (thread?.ready && block.index !== undefined && size >= LEAST_HANDED_ON) return thread.open(fd);
    return sinkOf(fd);
  };

  /**
   * @param handle of an empty file
   * @returns the SHA-256 in hex when all is on the disk
   * @throws StorageError `too_large`, `no_space`; whatever the source throws
   */
  return async (
    handle: FileHandle,
    body: Body,
    { onWritten, ...options }: Pick<PutOptions, 'maxBytes' | 'signal' | 'onWritten'>,
  ): Promise<string> => {
    const writer = new BlockWriter((block, size) => sinkFor(handle, block, size));
    let size = 0;
    const take = (chunk: Uint8Array) => {
      size += chunk.length;
      checkSize(size, options);
      const adding = writer.add(chunk);
      if (adding) return adding.then(() => onWritten?.(chunk));
      onWritten?.(chunk);
      return undefined;
    };
    underWay++;
    if (underWay > 1) thread ??= startWriteThread();
    try {
      if (body instanceof Uint8Array) await take(body);
      else await eachChunk(body, take, options.signal);
      return await writer.end();
    } finally {
      underWay--;
      // The file must not be closed under a write.
      await writer.close();
    }
  };
}

/** Gathers a body into blocks: the next one while the last one is written. */
class BlockWriter {
  #block: Block = blocks.take() ?? { bytes: new Uint8Array(BLOCK_BYTES), index: undefined };
  #filled = 0;
  #position = 0;
  #writing: Promise<void> = Promise.resolve();
  #sink: Sink | undefined;

  /** @param open the file's sink, for its first block */
  constructor(readonly open: (block: Block, size: number) => Sink) {}

  /** Takes a copy. Where there is a promise, it is to be waited for before the next. @throws StorageError */
  add(chunk: Uint8Array): Promise<void> | undefined {
    const part = chunk.subarray(0, BLOCK_BYTES - this.#filled);
    this.#block.bytes.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled < BLOCK_BYTES) return undefined;
    return this.#flush().then(() => this.add(chunk.subarray(part.length)));
  }

  /** @returns the SHA-256 in hex. @throws StorageError */
  async end(): Promise<string> {
    const sink = await this.#flush();
    await this.#writing;
    return onDisk(sink.end());
  }

  /** Rests when nothing is being written any more, whether that succeeded or not. */
  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    blocks.giveBack(this.#block);
    await this.#sink?.close();
  }

  async #flush(): Promise<Sink> {
    await this.#writing;
    const [block, size, position] = [this.#block, this.#filled, this.#position];
    const sink = (this.#sink ??= this.open(block, size));
    this.#filled = 0;
    this.#position += size;
    const writing = onDisk(sink.write(block, size, position));
    const next = block.index === undefined ? undefined : blocks.take();
    if (next) {
      this.#block = next;
      this.#writing = writing.finally(() => blocks.giveBack(block));
      // Whoever awaits it next sees the error; until then it must not count as unhandled.
      this.#writing.catch(() => undefined);
    } else await writing;
    return sink;
  }
}

/** The SHA-256 of an open file, in hex, whatever its position is. */
export async function hashOf(handle: FileHandle, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let position = 0; ;) {
    signal?.throwIfAborted();
    const { bytesRead } = await onDisk(handle.read(buffer, 0, buffer.length, position));
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

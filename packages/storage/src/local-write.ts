import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { onDisk } from './local-errors.ts';
import type { Body, PutOptions } from './object-store.ts';
import { checkSize } from './put-checks.ts';
import { eachChunk } from './read-body.ts';

/** Chunks are gathered up to this many bytes, so that a large body is few system calls and no copy. */
const BLOCK_BYTES = 2 ** 19;
/** How much is read of a file at once. */
export const READ_BYTES = 2 ** 18;

/**
 * Writes a body and hashes it on the way: the next block is gathered and hashed while the last one is written.
 * @returns the SHA-256 in hex
 * @throws StorageError `too_large`, `no_space`; whatever the source throws
 */
export async function writeTo(
  handle: FileHandle,
  body: Body,
  options: Pick<PutOptions, 'maxBytes' | 'signal' | 'onWritten'>,
): Promise<string> {
  const hash = createHash('sha256');
  if (body instanceof Uint8Array) {
    checkSize(body.length, options);
    hash.update(body);
    await writeWhole(handle, [body], body.length);
    return hash.digest('hex');
  }
  let size = 0;
  let block: Uint8Array[] = [];
  let blockSize = 0;
  let writing: Promise<void> = Promise.resolve();
  const writeBlock = async (chunks: Uint8Array[], bytes: number) => {
    await writeWhole(handle, chunks, bytes);
    if (options.onWritten) chunks.forEach(options.onWritten);
  };
  const flush = async () => {
    await writing;
    writing = writeBlock(block, blockSize);
    // Whoever awaits it next sees the error; until then it must not count as unhandled.
    writing.catch(() => undefined);
    block = [];
    blockSize = 0;
  };
  try {
    const take = (chunk: Uint8Array) => {
      size += chunk.length;
      checkSize(size, options);
      hash.update(chunk);
      block.push(chunk);
      blockSize += chunk.length;
      return blockSize < BLOCK_BYTES ? undefined : flush();
    };
    await eachChunk(body, take, options.signal);
    await flush();
  } finally {
    // The file must not be closed under a write.
    await writing;
  }
  return hash.digest('hex');
}

/** A disk that fills up first writes less than it was given, and says why only when asked again. */
async function writeWhole(handle: FileHandle, block: Uint8Array[], size: number): Promise<void> {
  if (size === 0) return;
  const { bytesWritten } = await onDisk(handle.writev(block));
  let rest = bytesWritten < size ? Buffer.concat(block).subarray(bytesWritten) : undefined;
  while (rest && rest.length > 0) {
    const more = await onDisk(handle.write(rest));
    rest = rest.subarray(more.bytesWritten);
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

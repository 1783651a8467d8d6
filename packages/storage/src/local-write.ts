import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type PutOptions, StorageError } from './object-store.ts';

/** Chunks are gathered up to this many bytes, so that a large body is few system calls and no copy. */
const BLOCK_BYTES = 2 ** 20;

export function hashing(): Hash {
  return createHash('sha256');
}

/**
 * Writes a body and hashes it on the way: the next block is gathered and hashed while the last one is written.
 * @returns the SHA-256 in hex
 * @throws StorageError `too_large`; whatever the source throws
 */
export async function writeTo(
  handle: FileHandle,
  body: Readable | Uint8Array,
  options: Pick<PutOptions, 'maxBytes' | 'signal'>,
): Promise<string> {
  const hash = hashing();
  let size = 0;
  let block: Uint8Array[] = [];
  let blockSize = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await writing;
    if (blockSize === 0) return;
    writing = writeWhole(handle, block, blockSize);
    // Whoever awaits it next sees the error; until then it must not count as unhandled.
    writing.catch(() => undefined);
    block = [];
    blockSize = 0;
  };
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : chunksOf(body, options.signal)) {
      size += chunk.length;
      if (options.maxBytes !== undefined && size > options.maxBytes) {
        throw new StorageError('too_large', 'The object is longer than it may be');
      }
      hash.update(chunk);
      block.push(chunk);
      blockSize += chunk.length;
      if (blockSize >= BLOCK_BYTES) await flush();
    }
    await flush();
  } finally {
    await writing;
  }
  return hash.digest('hex');
}

/** The stream's chunks; the abort signal ends the stream, and so the wait for its next chunk. */
async function* chunksOf(body: Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const onAbort = () => body.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of body) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** A disk that fills up first writes less than it was given, and says why only when asked again. */
async function writeWhole(handle: FileHandle, block: Uint8Array[], size: number): Promise<void> {
  const { bytesWritten } = await handle.writev(block);
  let rest = bytesWritten < size ? Buffer.concat(block).subarray(bytesWritten) : undefined;
  while (rest && rest.length > 0) {
    const more = await handle.write(rest);
    rest = rest.subarray(more.bytesWritten);
  }
}

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { BlockWriter } from './local-blocks.ts';
import { onDisk } from './local-errors.ts';
import type { Body, PutOptions } from './object-store.ts';
import { checkSize } from './put-checks.ts';
import { eachChunk } from './read-body.ts';

/** How much is read of a file at once. */
export const READ_BYTES = 2 ** 18;

/**
 * Writes a body to an empty file and hashes it on the way.
 * @returns the SHA-256 in hex
 * @throws StorageError `too_large`, `no_space`; whatever the source throws
 */
export async function writeTo(
  handle: FileHandle,
  body: Body,
  { onWritten, ...options }: Pick<PutOptions, 'maxBytes' | 'signal' | 'onWritten'>,
): Promise<string> {
  const hash = createHash('sha256');
  const writer = new BlockWriter(handle);
  let size = 0;
  const take = (chunk: Uint8Array) => {
    size += chunk.length;
    checkSize(size, options);
    hash.update(chunk);
    const adding = writer.add(chunk);
    if (adding) return adding.then(() => onWritten?.(chunk));
    onWritten?.(chunk);
    return undefined;
  };
  try {
    if (body instanceof Uint8Array) await take(body);
    else await eachChunk(body, take, options.signal);
    await writer.end();
  } finally {
    // The file must not be closed under a write.
    await writer.close();
  }
  return hash.digest('hex');
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

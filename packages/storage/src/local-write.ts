import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { onDisk } from './local-errors.ts';
import { BlockWriter, type FileWriter } from './local-file-writer.ts';
import { startWriteThread, type WriteThread } from './local-write-thread.ts';
import type { Body, PutOptions } from './object-store.ts';
import { checkSize } from './put-checks.ts';
import { eachChunk } from './read-body.ts';

/** How much is read of a file at once. */
export const READ_BYTES = 2 ** 18;

export type Writing = ReturnType<typeof createWriting>;

/**
 * Writes bodies to new files and hashes them on the way; where several come at a time, in a thread of their own.
 * @param thread by default one is started when it is needed
 */
export function createWriting(thread?: WriteThread) {
  let underWay = 0;
  const open = (path: string, onAdded: (chunk: Uint8Array) => void): FileWriter =>
    thread?.ready ? thread.open(path, onAdded) : telling(new BlockWriter(path), onAdded);

  /**
   * @param path of a file that must not exist; what is left there in case of an error is the caller's
   * @returns the SHA-256 in hex when all is on the disk, and the file closed
   * @throws StorageError `too_large`, `no_space`; whatever the source throws
   */
  return async (
    path: string,
    body: Body,
    { onWritten, ...options }: Pick<PutOptions, 'maxBytes' | 'signal' | 'onWritten'>,
  ): Promise<string> => {
    const writer = open(path, (chunk) => onWritten?.(chunk));
    let size = 0;
    const take = (chunk: Uint8Array) => {
      size += chunk.length;
      checkSize(size, options);
      const adding = writer.add(chunk);
      return adding && onDisk(adding);
    };
    underWay++;
    if (underWay > 1) thread ??= startWriteThread();
    try {
      if (body instanceof Uint8Array) await take(body);
      else await eachChunk(body, take, options.signal);
      return await onDisk(writer.end());
    } finally {
      underWay--;
      await onDisk(writer.close());
    }
  };
}

/** Tells of each chunk, of which there is a copy then. */
function telling(writer: FileWriter, onAdded: (chunk: Uint8Array) => void): FileWriter {
  return {
    add: (chunk) => {
      const adding = writer.add(chunk);
      if (adding) return adding.then(() => onAdded(chunk));
      onAdded(chunk);
      return undefined;
    },
    end: () => writer.end(),
    close: () => writer.close(),
  };
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

import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { PermanentError } from '@mediaworks/contracts';
import { PAGE_BYTES, pageMemory } from '@mediaworks/runtime/page-memory';
import { SNIFF_BYTES } from './sniff.ts';

/** A file that somebody sent. */
export interface Upload {
  readonly path: string;
  /** Its first bytes. */
  readonly head: Buffer;
  /** What decoders are to read: all that it holds, or its path where that is much. */
  readonly content: Buffer | string;
}

/** What is larger is read by whoever decodes it. */
const MOST_BYTES = 2 ** 24;
/** So much memory is kept for the next ones, each as large as the largest that was in it. */
const MOST_KEPT = 8;
const kept: Buffer[] = [];

/**
 * Lends what a file holds. It was put on the disk a moment ago and is read once: to have the page cache hold it for that,
 * page by page, takes up to a tenth of the processor of all that is made of a photo. So it is read past the cache where
 * the file system can do that, into memory that is used over and over.
 * @param signal once it has aborted, `use` may return while a decoder still reads: that memory is not used again
 * @throws PermanentError `empty_media`; whatever `use` throws
 */
export async function withUpload<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (upload: Upload) => Promise<T>,
): Promise<T> {
  // Without room for it, the first bytes are read, and the rest by whoever decodes them.
  const memory = kept.pop() ?? Buffer.from(pageMemory(MOST_BYTES) ?? new ArrayBuffer(SNIFF_BYTES));
  try {
    const size = await readInto(memory, path);
    if (size === 0) throw new PermanentError('empty_media', 'The file is empty');
    const head = Buffer.from(memory.subarray(0, Math.min(size, SNIFF_BYTES)));
    return await use({ path, head, content: size < memory.length ? memory.subarray(0, size) : path });
  } finally {
    if (signal?.aborted !== true && kept.length < MOST_KEPT) kept.push(memory);
  }
}

/** All that it holds. */
export async function bytesOf({ path, content }: Upload): Promise<Buffer> {
  return typeof content === 'string' ? readFile(path) : content;
}

/** @returns how much there is now in `memory`: as much as it can hold, where the file is larger */
async function readInto(memory: Buffer, path: string): Promise<number> {
  try {
    return await readAll(memory, path, constants.O_RDONLY | constants.O_DIRECT);
  } catch (error) {
    // There is no such thing here; or the memory is not aligned, or the disk's blocks are larger than a page.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    return readAll(memory, path, constants.O_RDONLY);
  }
}

async function readAll(memory: Buffer, path: string, flags: number): Promise<number> {
  const file = await open(path, flags);
  try {
    return await fill(memory, file);
  } finally {
    await file.close();
  }
}

async function fill(memory: Buffer, file: FileHandle): Promise<number> {
  let size = 0;
  while (size < memory.length) {
    const { bytesRead } = await file.read(memory, size, memory.length - size, size);
    size += bytesRead;
    // Only the end of a file is less than a page.
    if (bytesRead === 0 || size % PAGE_BYTES > 0) break;
  }
  return size;
}

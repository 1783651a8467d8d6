import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { PermanentError } from '@mediaworks/contracts/errors';
import { errorCode } from '@mediaworks/runtime/errors';
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
/** What is smaller is in the page cache: the store puts it there. */
const LEAST_DIRECT_BYTES = 2 ** 17;
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
  const { size } = await stat(path);
  // Without room for all of it, the first bytes are read.
  const memory = kept.pop() ?? Buffer.from(pageMemory(MOST_BYTES) ?? new ArrayBuffer(SNIFF_BYTES));
  try {
    const bytes = memory.subarray(
      0,
      await readInto(memory, path, size <= memory.length ? size : SNIFF_BYTES),
    );
    if (bytes.length === 0) throw new PermanentError('empty_media', 'The file is empty');
    const head = Buffer.from(bytes.subarray(0, SNIFF_BYTES));
    return await use({ path, head, content: bytes.length === size ? bytes : path });
  } finally {
    if (signal?.aborted !== true && kept.length < MOST_KEPT) kept.push(memory);
  }
}

/** All that it holds. */
export async function bytesOf({ path, content }: Upload): Promise<Buffer> {
  return typeof content === 'string' ? readFile(path) : content;
}

/** @returns how many of so many bytes there are */
async function readInto(memory: Buffer, path: string, bytes: number): Promise<number> {
  if (bytes >= LEAST_DIRECT_BYTES) {
    try {
      // A page is the least that is read so.
      const pages = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
      return await readStart(memory, path, pages, constants.O_RDONLY | constants.O_DIRECT);
    } catch (error) {
      // There is no such thing here, or the disk's blocks are larger than a page.
      if (errorCode(error) !== 'EINVAL') throw error;
    }
  }
  return readStart(memory, path, bytes, constants.O_RDONLY);
}

async function readStart(memory: Buffer, path: string, bytes: number, flags: number): Promise<number> {
  const file = await open(path, flags);
  try {
    return (await file.read(memory, 0, bytes, 0)).bytesRead;
  } finally {
    await file.close();
  }
}

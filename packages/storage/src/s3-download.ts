import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { asError } from '@mediaworks/runtime';
import { type ByteRange, StorageError } from './object-store.ts';
import { outside } from './byte-range.ts';
import { checkHash } from './put-checks.ts';
import { asStorageError } from './s3-errors.ts';

const BUFFER_BYTES = 2 ** 18;

/**
 * The answer's bytes, exactly those that were asked for: some servers know no range such as `0-0` and send more, and
 * an answer that breaks off is an error and not a short object.
 */
export function bytesOf(answer: GetObjectCommandOutput, range?: ByteRange, signal?: AbortSignal): Readable {
  const body = answer.Body as Readable;
  let left = lengthOf(answer, range);
  if (left === undefined || (range && left === 0)) {
    body.destroy();
    if (left === 0) throw outside();
    throw new StorageError('unavailable', 'The object store did not send the range that was asked for');
  }
  const out = new Transform({
    highWaterMark: BUFFER_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      const wanted = chunk.length > (left ?? 0) ? chunk.subarray(0, left) : chunk;
      left = (left ?? 0) - wanted.length;
      done(null, wanted);
    },
    flush(done) {
      done(left === 0 ? null : new StorageError('unavailable', 'The object store broke off'));
    },
  });
  const onAbort = () => out.destroy(asError(signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });
  body.on('error', (error) => out.destroy(asStorageError(error)));
  out.once('close', () => {
    signal?.removeEventListener('abort', onAbort);
    body.destroy();
  });
  return body.pipe(out);
}

/** How many bytes are wanted; undefined when the answer does not begin where it should. */
function lengthOf(answer: GetObjectCommandOutput, range: ByteRange | undefined): number | undefined {
  if (!range) return answer.ContentLength ?? 0;
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.ContentRange ?? '') ?? [];
  if (Number(start) !== range.start) return undefined;
  // S3 refuses such a range itself; not everything that speaks like it does.
  return Math.max(0, Math.min(range.end, Number(total) - 1) - range.start + 1);
}

/**
 * Writes bytes to a file that must not exist; it is gone again after a failure.
 * @param expectedSha256 what the bytes must hash to, where it is known
 * @returns their SHA-256 in hex
 */
export async function saveTo(
  path: string,
  body: Readable,
  expectedSha256: string | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const handle = await open(path, 'wx').catch((error: unknown) => {
    body.destroy();
    throw error;
  });
  try {
    const hash = createHash('sha256');
    body.on('data', (chunk: Buffer) => hash.update(chunk));
    await pipeline(body, handle.createWriteStream({ highWaterMark: BUFFER_BYTES }));
    const sha256 = hash.digest('hex');
    checkHash(sha256, expectedSha256);
    return sha256;
  } catch (error) {
    await rm(path, { force: true });
    signal?.throwIfAborted();
    throw error;
  } finally {
    await handle.close();
  }
}

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

export const MB = 2 ** 20;

/** Bytes that differ everywhere and from seed to seed, so that a shifted or mixed block shows. */
export function pattern(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < size; i++) {
    // Xorshift32. Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software, 2003.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** A stream of unknown length, in chunks of odd sizes. */
export function streamOf(bytes: Uint8Array, chunkBytes = 60_001): Readable {
  return Readable.from(
    (function* () {
      for (let i = 0; i < bytes.length; i += chunkBytes) yield bytes.subarray(i, i + chunkBytes);
    })(),
  );
}

/** The same as a generator, which is no stream. */
export async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* streamOf(bytes) as AsyncIterable<Buffer>;
}

/** A long stream that exists one chunk at a time, each a new buffer; `sha256` tells its hash once it has been read. */
export function lazily(size: number, onProgress: () => void = () => undefined) {
  const hash = createHash('sha256');
  const seed = pattern(65_536);
  let left = size;
  const stream = Readable.from(
    (function* () {
      for (; left > 0; left -= seed.length) {
        const chunk = Buffer.from(seed.subarray(0, left));
        chunk.writeUInt32BE(left % 2 ** 32);
        hash.update(chunk);
        if (left % MB === 0) onProgress();
        yield chunk;
      }
    })(),
  );
  return { stream, sha256: () => hash.digest('hex') };
}

/** A stream that sends so many bytes and then nothing; `reached` resolves when it has. */
export function stalling(size: number) {
  const chunk = pattern(65_536);
  let left = size;
  let arrive: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  const stream = new Readable({
    read() {
      if (left <= 0) {
        arrive();
        return;
      }
      left -= chunk.length;
      this.push(chunk);
    },
  });
  return { stream, reached };
}

/** A stream that fails after so many bytes. */
export function failing(size: number, error: Error): Readable {
  return Readable.from(
    (async function* () {
      yield* streamOf(pattern(size)) as AsyncIterable<Buffer>;
      throw error;
    })(),
  );
}

export async function bytesOf(stream: Readable | Promise<Readable>): Promise<Buffer> {
  return Buffer.concat((await (await stream).toArray()) as Buffer[]);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Resolves when a stream is destroyed, with an error or without, or has ended. */
export async function closed(stream: Readable): Promise<void> {
  stream.on('error', () => undefined);
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
}

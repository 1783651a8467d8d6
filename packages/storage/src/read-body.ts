import { finished, Readable } from 'node:stream';
import { asError } from '@mediaworks/runtime';
import type { Body } from './object-store.ts';

/** A body's chunks as they come. Of what is no stream they are the very ones, since each step between costs its time. */
export function chunksOf(
  body: Exclude<Body, Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  return body instanceof Readable ? chunksOfStream(body, signal) : body;
}

/**
 * A stream's chunks. The signal destroys the stream, and with it the wait for its next chunk. In the end the stream has
 * ended or is destroyed, also when the caller breaks off.
 * @throws what the stream failed with, or the signal's reason
 */
async function* chunksOfStream(body: Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const onAbort = () => body.destroy(asError(signal?.reason));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of body) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
    }
    signal?.throwIfAborted();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * Hands on a body's chunks one after the other; where `take` gives a promise, the next one waits for it. In the end a
 * stream has ended or is destroyed. Of a stream this costs less than `for await`, which also joins what has come
 * meanwhile into one more copy.
 * @throws what `take` throws or the body failed with, or the signal's reason
 */
export async function eachChunk(
  body: Exclude<Body, Uint8Array>,
  take: (chunk: Uint8Array) => Promise<void> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!(body instanceof Readable)) {
    for await (const chunk of body) await take(chunk);
    return;
  }
  let stop = () => {};
  let taking: Promise<void> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(asError(signal?.reason));
      const onData = (chunk: Uint8Array | string) => {
        try {
          taking = take(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
          if (!taking) return;
          body.pause();
          taking.then(() => body.resume(), reject);
        } catch (error) {
          reject(asError(error));
        }
      };
      stop = () => {
        signal?.removeEventListener('abort', onAbort);
        body.off('data', onData);
      };
      if (signal?.aborted) onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      // A stream may end while it is paused, for its last chunk.
      finished(body, { writable: false }, (error) => (error ? reject(error) : resolve(taking)));
      body.on('data', onData);
    });
  } finally {
    stop();
    if (!body.readableEnded) discard(body);
  }
}

/** Ends what was refused, before it was read or after. */
export function discard(body: Body): void {
  if (body instanceof Uint8Array) return;
  if (!(body instanceof Readable)) {
    void Promise.resolve(body[Symbol.asyncIterator]().return?.()).catch(() => undefined);
    return;
  }
  // What it fails with from here on concerns nobody.
  body.on('error', () => undefined);
  body.destroy();
}

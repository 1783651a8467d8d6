import { Readable } from 'node:stream';
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

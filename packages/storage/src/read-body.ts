import type { Readable } from 'node:stream';
import { asError } from '@mediaworks/runtime';

/**
 * A stream's chunks. The signal destroys the stream, and with it the wait for its next chunk. In the end the stream has
 * ended or is destroyed, also when the caller breaks off.
 * @throws what the stream failed with, or the signal's reason
 */
export async function* chunksOf(body: Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
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
export function discard(body: Readable | Uint8Array): void {
  if (body instanceof Uint8Array) return;
  // What it fails with from here on concerns nobody.
  body.on('error', () => undefined);
  body.destroy();
}

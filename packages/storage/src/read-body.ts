import type { Readable } from 'node:stream';
import { asError } from '@mediaworks/runtime';

/**
 * Hands on each chunk of a body and waits for it to be taken. The signal destroys the stream, and with it the wait for
 * its next chunk. In the end the stream has ended or is destroyed.
 * @throws what the stream failed with, the signal's reason, what `take` throws
 */
export async function readBody(
  body: Readable,
  signal: AbortSignal | undefined,
  take: (chunk: Uint8Array) => Promise<void> | undefined,
): Promise<void> {
  const onAbort = () => body.destroy(asError(signal?.reason));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of body) {
      const taken = take(typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array));
      // Awaiting nothing would still cost a turn, thousands of times an upload.
      if (taken) await taken;
    }
    signal?.throwIfAborted();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** For a stream that is refused before it is read. */
export function discard(body: Readable | Uint8Array): void {
  if (body instanceof Uint8Array) return;
  // What it fails with from here on concerns nobody.
  body.on('error', () => undefined);
  body.destroy();
}

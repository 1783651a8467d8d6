/** Somebody asked this process to stop. */
export class StopRequestedError extends Error {
  override readonly name = 'StopRequestedError';
}

/** npm hands a Ctrl-C on to a child that the terminal has told already: what comes this soon is the same one. */
const SAME_REQUEST_MS = 1_000;

/**
 * Listens for Ctrl-C, SIGTERM, a closed terminal, and, when a parent holds a channel to this process, its death.
 * The returned signal aborts at the first request; a second one ends the process at once.
 */
export function listenForStop(): AbortSignal {
  const stopping = new AbortController();
  let firstAt = Number.NaN;
  const request = () => {
    if (!stopping.signal.aborted) {
      firstAt = performance.now();
      stopping.abort(new StopRequestedError('asked to stop'));
    } else if (performance.now() - firstAt > SAME_REQUEST_MS) {
      process.exit(130);
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, request);
  process.once('disconnect', request);
  // The channel alone is no reason to stay.
  process.channel?.unref();
  return stopping.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

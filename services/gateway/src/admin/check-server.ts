import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import { askSafely } from '@mediaworks/runtime';
import type { Health } from './server-queries.ts';

const PATIENCE_MS = 5_000;

/**
 * Asks a server by GET whether it is well: it is when it answers 200. What it answers is told to nobody.
 * @param allow hosts that may lie in our own networks
 */
export async function checkServer(
  url: string,
  allow: readonly string[],
  closing: AbortSignal,
): Promise<Health> {
  const startedAt = performance.now();
  const health_error = await problemOf(url, allow, closing);
  return {
    healthy: health_error === null,
    response_ms: Math.round(performance.now() - startedAt),
    health_error,
  };
}

async function problemOf(
  url: string,
  allow: readonly string[],
  closing: AbortSignal,
): Promise<string | null> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([patience, closing]);
  try {
    const answer = await askSafely({ allow }, PATIENCE_MS)(new URL(url), {}, signal);
    answer.drop();
    return null;
  } catch (error) {
    closing.throwIfAborted();
    if (patience.aborted) return 'timeout';
    if (
      error instanceof PermanentError ||
      error instanceof TransientError ||
      error instanceof RetryAfterError
    )
      return error.code;
    throw error;
  }
}

import { type JobError, PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import { errorCode, ExecTimeoutError } from '@mediaworks/runtime';
import { StorageError } from '@mediaworks/storage';
import { ZodError } from 'zod';

/** What a failed try means for its job. */
export type Verdict = JobError & {
  /** The outside world said when to come back; no try is used up. In ms. */
  retryAfterMs?: number;
};

/** A try ran longer than its job type allows. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** The one place that decides whether an error is final. Errors it does not know may pass, and keep their text to the log. */
export function classify(error: unknown): Verdict {
  if (error instanceof PermanentError) return { code: error.code, message: error.message, retryable: false };
  if (error instanceof RetryAfterError) {
    return { code: error.code, message: error.message, retryable: true, retryAfterMs: error.delayMs };
  }
  if (error instanceof TransientError) return { code: error.code, message: error.message, retryable: true };
  if (error instanceof TimeoutError || error instanceof ExecTimeoutError) {
    return { code: 'timeout', message: 'It took longer than it may', retryable: true };
  }
  if (error instanceof StorageError) {
    const gone = error.code === 'not_found';
    return {
      code: gone ? 'source_missing' : `storage_${error.code}`,
      message: gone ? 'A file that this needs no longer exists' : 'The object store could not do this',
      retryable: !gone && error.code !== 'invalid_key',
    };
  }
  if (error instanceof ZodError) {
    return {
      code: 'invalid_payload',
      message: 'The job does not hold what its type asks for',
      retryable: false,
    };
  }
  if (errorCode(error) === 'ENOSPC') {
    return { code: 'no_space', message: 'The worker has no disk space left', retryable: true };
  }
  return { code: 'internal', message: 'Something went wrong on our side', retryable: true };
}

/**
 * Wait before the next try, in ms: exponential with full jitter, at least a tenth of the step.
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(
  backoff: { baseMs: number; maxMs: number },
  attempt: number,
  random: () => number = Math.random,
): number {
  const step = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(step * (0.1 + 0.9 * random()));
}

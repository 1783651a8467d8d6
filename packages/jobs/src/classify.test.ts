import { describe, expect, it } from '@jest/globals';
import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import { StorageError } from '@mediaworks/storage';
import { backoffMs, classify, TimeoutError } from './classify.ts';

describe('classify', () => {
  it.each([
    [new PermanentError('bad_file', 'Bad'), { code: 'bad_file', message: 'Bad', retryable: false }],
    [new TransientError('away', 'Away'), { code: 'away', message: 'Away', retryable: true }],
    [
      new RetryAfterError(5, 'slow', 'Slow'),
      { code: 'slow', message: 'Slow', retryable: true, retryAfterMs: 5 },
    ],
    [new TimeoutError('x'), { code: 'timeout', retryable: true }],
    [new StorageError('not_found', 'x'), { code: 'source_missing', retryable: false }],
    [new StorageError('unavailable', '/secret/path'), { code: 'storage_unavailable', retryable: true }],
    [Object.assign(new Error('x'), { code: 'ENOSPC' }), { code: 'no_space', retryable: true }],
    [new Error('/secret/path'), { code: 'internal', retryable: true }],
    ['a string', { code: 'internal', retryable: true }],
    [undefined, { code: 'internal', retryable: true }],
  ])('%p', (error, verdict) => {
    expect(classify(error)).toMatchObject(verdict);
    expect(classify(error).message).not.toContain('secret');
  });
});

describe('backoffMs', () => {
  const backoff = { baseMs: 1_000, maxMs: 60_000 };

  it('doubles up to its bound, with jitter below it and never nothing', () => {
    expect([1, 2, 3, 20].map((attempt) => backoffMs(backoff, attempt, () => 1))).toEqual([
      1_000, 2_000, 4_000, 60_000,
    ]);
    expect(backoffMs(backoff, 3, () => 0)).toBe(400);
  });
});

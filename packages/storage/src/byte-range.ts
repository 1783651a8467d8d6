import { type ByteRange, StorageError } from './object-store.ts';

/**
 * Checks what can be known of a range without the object.
 * @throws StorageError `invalid_range`
 */
export function checkRange(range: ByteRange): ByteRange {
  const good = Number.isSafeInteger(range.start) && range.start >= 0 && range.end >= range.start;
  if (!good || Number.isNaN(range.end)) throw outside();
  return range;
}

export function outside(cause?: unknown): StorageError {
  return new StorageError('invalid_range', 'The object has no such bytes', { cause });
}

import { type PutOptions, StorageError } from './object-store.ts';

export const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

/** @throws StorageError `too_large` */
export function checkSize(size: number, { maxBytes }: Pick<PutOptions, 'maxBytes'>): void {
  if (maxBytes !== undefined && size > maxBytes) {
    throw new StorageError('too_large', 'The object is longer than it may be');
  }
}

/** @throws RangeError: it is never the user who says what type something has */
export function checkContentType({ contentType = DEFAULT_CONTENT_TYPE }: PutOptions): void {
  if (!/^[ -+\--~]{1,80}$/.test(contentType)) throw new RangeError('This is no content type that is kept');
}

/** @throws StorageError `checksum_mismatch` */
export function checkHash(sha256: string, expected: string | undefined): void {
  if (expected !== undefined && expected.toLowerCase() !== sha256) {
    throw new StorageError('checksum_mismatch', 'The bytes are not the expected ones');
  }
}

export function notFound(cause?: unknown): StorageError {
  return new StorageError('not_found', 'There is no such object', { cause });
}

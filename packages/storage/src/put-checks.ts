import { type PutOptions, StorageError } from './object-store.ts';

export const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

/** @throws StorageError `too_large` */
export function checkSize(size: number, { maxBytes }: Pick<PutOptions, 'maxBytes'>): void {
  if (maxBytes !== undefined && size > maxBytes) {
    throw new StorageError('too_large', 'The object is longer than it may be');
  }
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

import { StorageError } from './object-store.ts';
import { notFound } from './put-checks.ts';
import { outside } from './byte-range.ts';

/** What a request to S3 throws, as a {@link StorageError}; an abort stays the signal's reason. */
export async function onS3<T>(request: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await request;
  } catch (error) {
    signal?.throwIfAborted();
    throw asStorageError(error);
  }
}

/** Whatever is no answer that we know is taken for a store that can't be used: the network, the credentials, S3 itself. */
export function asStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { name, status } = describe(error);
  switch (name) {
    case 'NoSuchKey':
    case 'NotFound':
      return notFound(error);
    case 'InvalidRange':
      return outside(error);
    case 'EntityTooLarge':
      return new StorageError('too_large', 'The object is longer than the store takes', { cause: error });
    case 'KeyTooLongError':
      return new StorageError('invalid_key', 'The store takes no key as long as this', { cause: error });
    case 'BadDigest':
    case 'XAmzContentSHA256Mismatch':
      return new StorageError('checksum_mismatch', 'The bytes were damaged on the way', { cause: error });
    case 'QuotaExceeded':
    case 'XMinioStorageFull':
    case 'XMinioAdminBucketQuotaExceeded':
      return noSpace(error);
  }
  // The answer to a HEAD has no body, and so no name.
  if (status === 404 && name !== 'NoSuchBucket' && name !== 'NoSuchUpload') return notFound(error);
  if (status === 416) return outside(error);
  if (status === 507) return noSpace(error);
  return new StorageError('unavailable', 'The object store can not be used', { cause: error });
}

function noSpace(cause: unknown): StorageError {
  return new StorageError('no_space', 'The object store is full', { cause });
}

/** The SDK's errors carry the HTTP status in `$metadata`. */
function describe(error: unknown): { name: string; status: number | undefined } {
  if (typeof error !== 'object' || error === null) return { name: '', status: undefined };
  const name = 'name' in error && typeof error.name === 'string' ? error.name : '';
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) {
    return { name, status: undefined };
  }
  return { name, status: typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined };
}

import { errorCode } from '@mediaworks/runtime';
import { StorageError } from './object-store.ts';

/** What a call on the store's own files throws, as a {@link StorageError}. The system's message, which holds paths, is the cause. */
export async function onDisk<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw asStorageError(error);
  }
}

export function asStorageError(error: unknown): unknown {
  if (error instanceof StorageError) return error;
  switch (errorCode(error)) {
    case undefined:
      return error;
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new StorageError('no_space', 'The object store is full', { cause: error });
    case 'EISDIR':
    case 'ENOTDIR':
    case 'ENOTEMPTY':
    case 'EEXIST':
      return new StorageError('invalid_key', 'Another object is in the way of this key', { cause: error });
    case 'ENAMETOOLONG':
      return new StorageError('invalid_key', 'This key is too long for the disk', { cause: error });
    case 'ELOOP':
      return throughLink(error);
    default:
      return new StorageError('unavailable', 'The object store can not be used', { cause: error });
  }
}

export function throughLink(cause?: unknown): StorageError {
  return new StorageError('invalid_key', 'This key leads through a link', { cause });
}

/** Nothing is there, or what would be its folder is a file. */
export function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
}

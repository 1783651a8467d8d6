import { PermanentError } from '@mediaworks/contracts';

/** Where a file lies in Storage. */
export interface StoredAt {
  bucket: string;
  name: string;
}

const MAX_NAME_BYTES = 1_024;

/**
 * What the `storagePath` of a document says: a path in the bucket, `gs://bucket/path`, or the address that Firebase
 * gives out for it.
 * @param allowed the buckets that may be read, the project's own first: a document is written by whoever may, and must
 * not lead us anywhere else
 * @throws PermanentError `no_storage_path`, `invalid_storage_path`, `foreign_bucket`
 */
export function parseStoragePath(value: unknown, allowed: readonly [string, ...string[]]): StoredAt {
  if (value === undefined || value === null || (typeof value === 'string' && value.trim() === '')) {
    throw new PermanentError('no_storage_path', 'The document has no storagePath');
  }
  if (typeof value !== 'string') throw invalid('it is not a text');
  const { bucket = allowed[0], name } = locate(value.trim());
  if (!allowed.includes(bucket)) {
    throw new PermanentError('foreign_bucket', 'The storagePath leads into a bucket that is not ours');
  }
  // Storage's own rules: developers.google.com, "Object naming".
  if (name === '' || name === '.' || name === '..' || /[\r\n]/.test(name))
    throw invalid('no file is called so');
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw invalid('it is too long');
  if (Buffer.from(name).toString() !== name) throw invalid('it is no proper text');
  return { bucket, name };
}

function locate(text: string): { bucket?: string; name: string } {
  const gs = /^gs:\/\/([^/]+)\/(.*)$/s.exec(text);
  if (gs?.[1] !== undefined) return { bucket: gs[1], name: gs[2] ?? '' };
  const address = /^https:\/\/firebasestorage\.googleapis\.com\/v0\/b\/([^/]+)\/o\/([^?#]+)/.exec(text);
  if (address?.[1] !== undefined) return { bucket: address[1], name: decoded(address[2] ?? '') };
  // As Firebase's own libraries do.
  return { name: text.replace(/^\/+/, '') };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('its address is malformed');
  }
}

function invalid(why: string): PermanentError {
  return new PermanentError('invalid_storage_path', `The storagePath can not be used: ${why}`);
}

import { StorageError } from './object-store.ts';

const MAX_KEY_BYTES = 1_000;
const MAX_SEGMENT_BYTES = 255;
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;

/**
 * Checks a key by the rules of {@link ObjectStore}.
 * @throws StorageError `invalid_key`
 */
export function checkKey(key: string): string {
  const segments = key.split('/');
  const good =
    key !== '' &&
    Buffer.from(key).toString() === key &&
    Buffer.byteLength(key) <= MAX_KEY_BYTES &&
    !FORBIDDEN.test(key) &&
    segments.every(
      (segment) =>
        segment !== '' && segment !== '.' && segment !== '..' && Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES,
    );
  if (!good) throw new StorageError('invalid_key', 'This is no key of an object');
  return key;
}

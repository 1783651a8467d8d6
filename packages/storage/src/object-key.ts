import { StorageError } from './object-store.ts';

const MAX_KEY_BYTES = 1_000;
/** What a file system takes as one name. */
const MAX_SEGMENT_BYTES = 255;
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;

/** The folder of a store's own things, temporary objects above all; no object of anybody else is called so. */
export const OWN_FOLDER = '.mediaworks';

/** Whether this is a key by the rules of {@link ObjectStore}. */
export function isKey(key: string): boolean {
  return (
    Buffer.byteLength(key) <= MAX_KEY_BYTES &&
    isWellFormed(key) &&
    !FORBIDDEN.test(key) &&
    key.split('/').every(isSegment) &&
    key.split('/')[0] !== OWN_FOLDER
  );
}

/** @throws StorageError `invalid_key` */
export function checkKey(key: string): string {
  // The key itself is not told: it may come from a stranger, and what it holds may not suit a log.
  if (!isKey(key)) throw new StorageError('invalid_key', 'This is no key of an object');
  return key;
}

/** Whether any key at all can start with this. A prefix may end in the middle of a segment. */
export function mayStartKeys(prefix: string): boolean {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  return isWellFormed(prefix) && !FORBIDDEN.test(prefix) && (folder === '' || isKey(folder.slice(0, -1)));
}

/** Half of a surrogate pair has no UTF-8. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text).toString() === text;
}

function isSegment(segment: string): boolean {
  return (
    segment !== '' && segment !== '.' && segment !== '..' && Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES
  );
}

/** Orders keys as their UTF-8 bytes do, without encoding them. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return inByteOrder(left) - inByteOrder(right);
  }
  return a.length - b.length;
}

/** In UTF-8, what takes a surrogate pair in UTF-16 comes after U+E000 to U+FFFF. */
function inByteOrder(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

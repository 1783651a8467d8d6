import { createHash } from 'node:crypto';

const MAX_FOLDER_BYTES = 120;
const MAX_FILE_BYTES = 180;
const MAX_EXTENSION_BYTES = 20;

/** Control characters, those that turn the direction of a text, and what some disk or shell takes for its own. */
const UNSAFE_IN_FILES = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\\/<>:"|?*]/gu;

/** `user@example.com` → `user_example_com`: what is no letter, digit, `-`, `_` or `+` becomes `_`. */
export function folderName(email: string): string {
  const name = wellFormed(email)
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}_+-]/gu, '_');
  return cut(name, MAX_FOLDER_BYTES) || '_';
}

/** The last part of a storage path as a file name that every disk takes, with its extension; '' when nothing is left. */
export function fileName(storagePath: string): string {
  const last = wellFormed(storagePath).normalize('NFC').split('/').at(-1) ?? '';
  // No disk keeps dots and blanks at the end, and a dot at the beginning hides the file.
  const name = last.replace(UNSAFE_IN_FILES, '_').replace(/^[. ]+|[. ]+$/g, '');
  const { stem, extension } = splitName(name);
  return cut(stem, MAX_FILE_BYTES - Buffer.byteLength(extension)) + extension;
}

/**
 * What a name is called when it is taken already: the same with a part of what it stands for.
 * @param digits of the hash, in hex
 */
export function distinctName(name: string, identity: string, digits: number): string {
  const { stem, extension } = splitName(name);
  return `${stem}~${hashOf(identity).slice(0, digits)}${extension}`;
}

/** The hex SHA-256 of a text. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function splitName(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot) : '';
  return extension !== '' && Buffer.byteLength(extension) <= MAX_EXTENSION_BYTES
    ? { stem: name.slice(0, dot), extension }
    : { stem: name, extension: '' };
}

/** The longest beginning of at most so many bytes, in whole characters. */
function cut(text: string, bytes: number): string {
  let size = 0;
  let end = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Half of a surrogate pair has no UTF-8; through a buffer it becomes the sign for what is unknown. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

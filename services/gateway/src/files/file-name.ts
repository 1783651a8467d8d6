/** What a name may take, in characters (code points). Longer ones are cut, and keep their extension. */
const MAX_NAME = 300;
/** What a name may take inside an object key, in characters of ASCII: keys are 1,000 bytes at most, file names 255. */
const MAX_KEY_NAME = 100;
const MAX_EXTENSION = 20;

/**
 * A client's file name as it is kept and shown: NFC, without folders, control characters, line breaks or the marks that
 * turn text around (a name that reads `gpj.exe` backwards), cut to 300 characters.
 */
export function cleanFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/gu, '')
    .replace(/[/\\]/g, '')
    .trim();
  const kept = plain.replace(/^\.+/, '') === '' ? '' : plain;
  return cut(kept === '' ? 'file' : kept, MAX_NAME);
}

/** The same name as a part of an object key: ASCII letters, digits, `-`, `_` and `.`, at most 100 of them. */
export function keyName(name: string): string {
  const { extension } = split(name);
  const end = ascii(extension).slice(0, MAX_EXTENSION);
  return end === '' ? keyStem(name) : `${keyStem(name)}.${end}`;
}

/** What renditions are named after: the name without its extension, safe for a key. */
export function keyStem(name: string): string {
  const stem = ascii(split(name).stem).slice(0, MAX_KEY_NAME - MAX_EXTENSION - 1);
  return stem === '' ? 'file' : stem;
}

function ascii(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

function split(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  return dot <= 0
    ? { stem: name, extension: '' }
    : { stem: name.slice(0, dot), extension: name.slice(dot + 1) };
}

function cut(name: string, limit: number): string {
  const characters = [...name];
  if (characters.length <= limit) return name;
  const { extension } = split(name);
  const end = extension === '' ? [] : [...`.${extension}`];
  if (end.length > MAX_EXTENSION) return characters.slice(0, limit).join('');
  return [...characters.slice(0, limit - end.length), ...end].join('');
}

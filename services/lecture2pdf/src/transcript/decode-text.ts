import { isUtf8 } from 'node:buffer';
import { analyse } from 'chardet';
import iconv from 'iconv-lite';

/** As much text as decides an encoding. */
const SAMPLE_BYTES = 128 * 1024;
/** What a known language is worth, where the statistics of letters give 0–100. */
const HINT = 15;
const REPLACEMENT = '\uFFFD';

const marks: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  // Before UTF-16, whose mark it begins with.
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-32be', [0, 0, 0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Encodings that people write a language in where they don't write UTF-8. */
const customary: Readonly<Record<string, readonly string[]>> = {
  ar: ['windows-1256'],
  bg: ['windows-1251'],
  cs: ['windows-1250'],
  el: ['windows-1253', 'iso-8859-7'],
  fa: ['windows-1256'],
  he: ['windows-1255'],
  hr: ['windows-1250'],
  hu: ['windows-1250'],
  ja: ['shift_jis', 'euc-jp'],
  ko: ['euc-kr'],
  pl: ['windows-1250', 'iso-8859-2'],
  ro: ['windows-1250'],
  ru: ['windows-1251', 'koi8-r'],
  sk: ['windows-1250'],
  sl: ['windows-1250'],
  sr: ['windows-1250', 'windows-1251'],
  th: ['windows-874'],
  tr: ['windows-1254'],
  uk: ['windows-1251'],
  vi: ['windows-1258'],
  zh: ['gb18030', 'big5'],
};

/**
 * The text in these bytes: by its byte order mark; else UTF-16 by where its zeros lie; else UTF-8 where it is UTF-8;
 * else the old encoding that the letters look most like. Bytes that mean nothing become U+FFFD; nothing is left out.
 * @param language BCP 47, when it is known: decides between encodings that look alike.
 */
export function decodeText(bytes: Buffer, language: string | null = null): string {
  const marked = marks.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte));
  const encoding = marked?.[0] ?? encodingOf(bytes, language);
  const text =
    encoding === 'iso-2022-jp' ? new TextDecoder(encoding).decode(bytes) : iconv.decode(bytes, encoding);
  // Also in the middle, where files were put together.
  return text.replaceAll('\uFEFF', '');
}

function encodingOf(bytes: Buffer, language: string | null): string {
  const wide = wideEncoding(bytes.subarray(0, SAMPLE_BYTES));
  if (wide !== undefined) return wide;
  const telling = tellingLines(bytes);
  if (telling.length === 0) return isIso2022(bytes) ? 'iso-2022-jp' : 'utf-8';
  if (isUtf8(bytes) || isBrokenUtf8(bytes)) return 'utf-8';
  return legacyEncoding(telling, language) ?? 'windows-1252';
}

/** Times are digits in every encoding, so half of the bytes of UTF-16 are zeros somewhere, on one side. */
function wideEncoding(sample: Buffer): string | undefined {
  const zeros = [0, 0];
  for (let at = 0; at < sample.length; at++) if (sample[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const some = sample.length / 20;
  if (odd > some && odd > 10 * even) return 'utf-16le';
  return even > some && even > 10 * odd ? 'utf-16be' : undefined;
}

/** Japanese of old mails: no byte over 127, and escapes that switch between sets of letters. */
function isIso2022(bytes: Buffer): boolean {
  return bytes.includes('\x1b$B') || bytes.includes('\x1b$@');
}

/** True when a few bytes in a file full of other letters are broken, as where it was cut off. */
function isBrokenUtf8(bytes: Buffer): boolean {
  let broken = 0;
  let letters = 0;
  for (const character of bytes.toString('utf8')) {
    if (character === REPLACEMENT) broken++;
    else if (character > '\x7f') letters++;
  }
  return broken * 20 < letters;
}

/** The lines with any byte over 127: counters, times and English would only water the statistics down. */
function tellingLines(bytes: Buffer): Buffer {
  const lines: Buffer[] = [];
  let size = 0;
  let from = 0;
  while (from < bytes.length && size < SAMPLE_BYTES) {
    const newline = bytes.indexOf(10, from);
    const to = Math.min(newline === -1 ? bytes.length : newline + 1, from + SAMPLE_BYTES);
    const line = bytes.subarray(from, to);
    if (line.some((byte) => byte > 127)) {
      lines.push(line);
      size += line.length;
    }
    from = to;
  }
  return Buffer.concat(lines);
}

interface Candidate {
  readonly name: string;
  /** 0–100. */
  readonly confidence: number;
}

function legacyEncoding(sample: Buffer, language: string | null): string | undefined {
  const usual = customary[language?.split('-')[0] ?? ''] ?? [];
  const found = analyse(sample).filter(({ name }) => iconv.encodingExists(name) && name !== 'UTF-8');
  const candidates: Candidate[] = found.map(({ name, confidence }) => ({ name, confidence }));
  for (const name of usual) {
    if (!candidates.some((candidate) => candidate.name.toLowerCase() === name)) {
      candidates.push({ name, confidence: 10 });
    }
  }
  const score = ({ name, confidence }: Candidate) =>
    confidence + (usual.includes(name.toLowerCase()) ? HINT : 0) - penalty(iconv.decode(sample, name));
  return candidates
    .map((candidate) => ({ name: candidate.name, score: score(candidate) }))
    .sort((a, b) => b.score - a.score)[0]?.name;
}

/** How much of a text is what nobody writes: broken bytes and control characters, 0–200. */
function penalty(text: string): number {
  const odd = text.match(/[\uFFFD\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]/g)?.length ?? 0;
  const letters = text.match(/[^\x00-\x7f]/g)?.length ?? 1;
  return Math.min(200, Math.round((1000 * odd) / letters));
}

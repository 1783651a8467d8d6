import { PermanentError } from '@mediaworks/contracts';
import { readAss } from './ass.ts';
import type { Cue, Subtitles } from './cue.ts';
import { decodeText } from './decode-text.ts';
import { languageInName } from './language.ts';
import { unroll } from './rolling.ts';
import { type RawCue, type RawSubtitles, readTimedLines } from './timed-lines.ts';
import { readTtml } from './ttml.ts';

/** Four hours of captions with a time for every word are 3 MB. */
export const MOST_SUBTITLE_BYTES = 8 * 2 ** 20;
/** How long a cue lasts that doesn't say so, unless the next one comes earlier. Seconds. */
const USUAL_LENGTH = 5;

/**
 * The cues of a subtitle file: SubRip, WebVTT, ASS/SSA, SBV, SubViewer or TTML, told by its content, in any encoding.
 * By start; every cue with text is there, as often as the file has it, except that rolling captions are told once.
 * Nothing is cut off at the video's end. A file without text has no cues.
 * @param hint the file's name; the language in it helps to tell old encodings apart.
 * @throws PermanentError `unsupported_subtitle` (another kind of file), `too_large_subtitle`.
 */
export function parseCues(bytes: Buffer, hint?: string): Cue[] {
  return readSubtitles(bytes, hint).cues;
}

/** The same, with the language that the file or its name tells. */
export function readSubtitles(bytes: Buffer, hint?: string): Subtitles {
  refuseTooLarge(bytes.length);
  const named = languageInName(hint);
  const text = decodeText(bytes, named);
  const read = text.trim() === '' ? { cues: [], language: null } : readFormat(text);
  if (!read) {
    throw new PermanentError(
      'unsupported_subtitle',
      'The subtitle file holds no times that can be read: SubRip, WebVTT, ASS, SBV and TTML can be',
    );
  }
  return { cues: unroll(inOrder(read.cues)), language: read.language ?? named };
}

/** @throws PermanentError `too_large_subtitle` */
export function refuseTooLarge(bytes: number): void {
  if (bytes <= MOST_SUBTITLE_BYTES) return;
  const megabytes = MOST_SUBTITLE_BYTES / 2 ** 20;
  throw new PermanentError('too_large_subtitle', `A subtitle file may have at most ${megabytes} MB`);
}

function readFormat(text: string): RawSubtitles | null {
  const head = text.slice(0, 4000);
  if (/^\s{0,1000}\[(?:Script Info|V4\+? Styles|Events)\]/i.test(head)) return readAss(text);
  if (/^\s{0,1000}</.test(head) && /<(?:[\w.-]{1,40}:)?tt[\s>]/i.test(head)) return readTtml(text);
  return readTimedLines(text);
}

/** By start, and with an end: a cue without one, or that ends before it begins, lasts until the next. */
function inOrder(raw: readonly RawCue[]): Cue[] {
  const cues = raw
    .map(({ start, end, text }) => ({ start: Math.max(0, start), end: end ?? -1, text }))
    .sort((a, b) => a.start - b.start);
  let next = Infinity;
  let latest = Infinity;
  for (const cue of cues.toReversed()) {
    if (cue.start < latest) [next, latest] = [latest, cue.start];
    if (cue.end <= cue.start) cue.end = Math.min(next, cue.start + USUAL_LENGTH);
  }
  return cues;
}

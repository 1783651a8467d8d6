import { cleanText } from './clean-text.ts';
import type { Subtitles } from './cue.ts';
import { languageTag } from './language.ts';
import { cueTimes, type CueTimes, seconds } from './subtitle-time.ts';

/** A cue as the file has it: possibly before 0, backwards, or without an end. */
export interface RawCue {
  readonly start: number;
  readonly end: number | null;
  readonly text: string;
}

export type RawSubtitles = Omit<Subtitles, 'cues'> & { readonly cues: readonly RawCue[] };

interface OpenCue extends CueTimes {
  readonly shift: number;
  readonly lines: string[];
}

/**
 * Reads the formats that are times on a line and text below: SubRip, WebVTT, SBV and SubViewer, as they are rather than
 * as they should be. Counters, identifiers, headers, styles and comments are no text; all else after the first time is,
 * also behind an empty line. Null when there is no time at all and no WebVTT header.
 */
export function readTimedLines(text: string): RawSubtitles | null {
  const reader = new TimedLines();
  let from = 0;
  // One line at a time: the array of all of them would be several times the file.
  for (const { index, 0: newline } of text.matchAll(/\r\n|[\n\r\u2028\u0085]/g)) {
    reader.take(text.slice(from, index));
    from = index + newline.length;
  }
  reader.take(text.slice(from));
  return reader.finish();
}

class TimedLines {
  readonly #cues: RawCue[] = [];
  #language: string | null = null;
  #isVtt = false;
  #cue: OpenCue | undefined;
  /** Lines of a header, a style or a comment are not text, up to the next empty line. */
  #skipping: 'header' | 'block' | null = null;
  #blankBefore = true;
  /** The last line that wasn't empty, if it may be the next cue's counter or name; it is the cue's last line. */
  #candidate: { text: string; afterBlank: boolean; blankAfter: boolean } | undefined;
  #numbered: boolean | undefined;
  #number = 0;
  #firstMap: { local: number; media: number } | undefined;
  #shift = 0;

  take(line: string): void {
    const blank = this.#isVtt ? line === '' : line.trim() === '';
    const times = blank ? undefined : cueTimes(line);
    if (times) this.#open(times);
    else if (blank) this.#blank();
    else if (this.#blankBefore && /^WEBVTT(?:[ \t]|$)/.test(line)) this.#header();
    else if (this.#skipping === 'header') this.#readHeader(line);
    else if (
      this.#isVtt &&
      this.#blankBefore &&
      /^(?:NOTE(?:[ \t]|$)|(?:STYLE|REGION)\s{0,100}$)/.test(line)
    ) {
      this.#skipping = 'block';
    } else if (this.#skipping === null) this.#text(line);
    this.#blankBefore = blank;
  }

  finish(): RawSubtitles | null {
    this.#close();
    if (this.#cues.length === 0 && this.#numbered === undefined && !this.#isVtt) return null;
    return { cues: this.#cues, language: this.#language };
  }

  #blank(): void {
    this.#skipping = null;
    if (this.#candidate) this.#candidate.blankAfter = true;
  }

  #header(): void {
    this.#close();
    this.#isVtt = true;
    this.#skipping = 'header';
  }

  #readHeader(line: string): void {
    const [, language] = /^Language:\s{0,10}(\S{1,40})/i.exec(line) ?? [];
    this.#language ??= languageTag(language);
    if (!line.startsWith('X-TIMESTAMP-MAP=')) return;
    const local = seconds(/LOCAL:([\d:.]{1,20})/.exec(line)?.[1] ?? '');
    const [, ticks] = /MPEGTS:(\d{1,15})/.exec(line) ?? [];
    if (local === undefined || ticks === undefined) return;
    // Segments of a stream, one after another: each tells how its clock relates to the stream's. What the stream's
    // clock shows at the video's beginning is not known, so the first segment counts as right.
    const map = { local, media: Number(ticks) / 90_000 };
    this.#firstMap ??= map;
    this.#shift = map.media - this.#firstMap.media - (map.local - this.#firstMap.local);
  }

  #text(line: string): void {
    this.#candidate = { text: line, afterBlank: this.#blankBefore, blankAfter: false };
    this.#cue?.lines.push(line);
  }

  #open(times: CueTimes): void {
    const isName = this.#takesCandidate();
    if (isName) this.#cue?.lines.pop();
    this.#close();
    this.#skipping = null;
    this.#cue = { ...times, shift: this.#shift, lines: times.text === '' ? [] : [times.text] };
  }

  /** Whether the line before the times is the counter or the name of the cue that they begin. */
  #takesCandidate(): boolean {
    const line = this.#candidate;
    const number = line && /^\s{0,20}\d{1,9}\s{0,20}$/.test(line.text) ? Number(line.text) : undefined;
    this.#numbered ??= number !== undefined;
    const expected = this.#number + 1;
    this.#number = number !== undefined && this.#numbered ? number : expected;
    if (!line) return false;
    if (this.#isVtt && line.afterBlank && !line.blankAfter) return true;
    // Without an empty line before it, a number that is not the next one may be what somebody says.
    return this.#numbered && number !== undefined && (line.afterBlank || number === expected);
  }

  #close(): void {
    const cue = this.#cue;
    this.#cue = undefined;
    this.#candidate = undefined;
    if (!cue) return;
    const text = cleanText(cue.lines.join('\n'));
    const end = cue.end === null ? null : cue.end + cue.shift;
    if (text !== '') this.#cues.push({ start: cue.start + cue.shift, end, text });
  }
}

import { decodeHTMLStrict } from 'entities';
import { cueTimes } from './subtitle-time.ts';

/** Tags that subtitle formats know. Anything else in angle brackets is somebody's text: `vector<int>`. */
const tag =
  /<\/?(?:b|i|u|s|em|strong|strike|font|span|c|v|lang|ruby|rt|rp|rb|p|div|sub|sup|small|big|tt|center|bdi|bdo)(?:[.\s][^<>]{0,1000})?\/?>/gi;
/** Tells when each word of a WebVTT cue is said. */
const timeTag = /<(?:\d{1,6}:)?\d{1,3}:\d{1,2}(?:\.\d{1,9})?>/g;
const lineBreak = /<br\s{0,10}\/?>|\[br\]/gi;
/** ASS overrides, which players understand in SubRip too; those of ASS itself are read in ass.ts. */
const override = /\{\\[^{}]{0,1000}\}/g;
// What is left of binary data; tab and newline have been dealt with.
const control = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u{FFFE}\u{FFFF}]/gu;

const signs: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '{': '&lbrace;',
  '[': '&lbrack;',
  // Between the two times of SBV.
  ',': '&comma;',
};

/** A cue's text without markup: entities as characters, no empty lines, no space at a line's ends. */
export function cleanText(marked: string): string {
  const plain = marked.replace(lineBreak, '\n').replace(timeTag, '').replace(tag, '').replace(override, '');
  return tidyLines(plain.includes('&') ? decodeHTMLStrict(plain) : plain);
}

/** Text that has no markup, with its lines trimmed, runs of blanks made one, and empty lines left out. */
export function tidyLines(text: string): string {
  return text
    .split(/\r\n|[\n\r\v\f\x85\u2028\u2029]/)
    .map((line) =>
      line
        .replace(control, '')
        .replace(/[ \t]+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '')
    .join('\n');
}

/** Text as `cleanText` reads it back: as it is where that works, else with the signs of markup as entities. */
export function markText(plain: string): string {
  const lines = tidyLines(plain);
  if (cleanText(lines) === lines && !lines.split('\n').some((line) => cueTimes(line))) return lines;
  return lines.replace(/[&<>{[,]/g, (sign) => signs[sign] ?? sign);
}

import { markText } from './clean-text.ts';
import type { Cue } from './cue.ts';

/**
 * The cues as SubRip: numbered from 1, by start, lines ended by `\n`, no empty line inside a cue. Reading it back gives
 * the same cues, times rounded to the millisecond; signs that would be read as markup are written as entities. Empty for
 * no cues.
 */
export function writeSrt(cues: readonly Cue[]): string {
  return [...cues]
    .sort((a, b) => a.start - b.start)
    .map((cue) => ({ ...cue, text: markText(cue.text) }))
    .filter((cue) => cue.text !== '')
    .map(({ start, end, text }, n) => {
      const from = milliseconds(start);
      // An end at the start is no end to those who read it.
      const to = Math.max(milliseconds(end), from + 1);
      return `${n + 1}\n${clock(from)} --> ${clock(to)}\n${text}\n`;
    })
    .join('\n');
}

function milliseconds(seconds: number): number {
  return Math.max(0, Math.round(seconds * 1000));
}

function clock(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const rest = String(ms % 1000).padStart(3, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)},${rest}`;
}

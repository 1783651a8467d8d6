import type { Cue } from './cue.ts';

/** Live captions roll: a cue shows the line before once more, above the new one. Seconds between two such cues. */
const GAP = 0.5;
/** YouTube holds the finished line for a hundredth of a second between two steps. */
const FLASH = 0.1;
const FEWEST_STEPS = 3;

/**
 * Says each line of rolling captions once: where a cue begins with the lines that the one before ended with, only what
 * is new stays, and a cue that has nothing new lengthens the one before. Only where most cues of the file roll: in any
 * other, words that come twice were said twice. Takes and returns cues sorted by start.
 */
export function unroll(cues: readonly Cue[]): Cue[] {
  if (!rolls(cues)) return [...cues];
  const told: Cue[] = [];
  let shown: Cue | undefined;
  for (const cue of cues) {
    const news = shown && follows(shown, cue) ? newLines(shown, cue) : lines(cue);
    shown = cue;
    const last = told.at(-1);
    if (news.length > 0 || !last) told.push({ ...cue, text: news.join('\n') });
    else told[told.length - 1] = { ...last, end: Math.max(last.end, cue.end) };
  }
  return told;
}

function rolls(cues: readonly Cue[]): boolean {
  let steps = 0;
  let chances = 0;
  for (const [n, cue] of cues.entries()) {
    const before = cues[n - 1];
    // A flash only repeats; the step is on its other side.
    if (!before || !follows(before, cue) || cue.end - cue.start <= FLASH) continue;
    chances++;
    const news = newLines(before, cue);
    if (news.length > 0 && news.join('\n') !== cue.text) steps++;
  }
  return steps >= FEWEST_STEPS && steps * 2 >= chances;
}

function follows(before: Cue, cue: Cue): boolean {
  return Math.abs(cue.start - before.end) <= GAP || cue.start < before.end;
}

function newLines(before: Cue, cue: Cue): string[] {
  const [old, now] = [lines(before), lines(cue)];
  for (let count = Math.min(old.length, now.length); count > 0; count--) {
    const tail = old.slice(-count);
    if (tail.slice(0, -1).some((line, at) => line !== now[at])) continue;
    const [grown = '', last = ''] = [now[count - 1], tail.at(-1)];
    if (grown === last) {
      // The same words again, for as long as words take: said again.
      const again = count === now.length && old.length === now.length && cue.end - cue.start > FLASH;
      return again ? now : now.slice(count);
    }
    if (grown.startsWith(`${last} `)) return [grown.slice(last.length + 1), ...now.slice(count)];
  }
  return now;
}

function lines(cue: Cue): string[] {
  return cue.text.split('\n');
}

import type { TimeRange } from '@mediaworks/contracts';
import type { Cue } from './cue.ts';
import { sentenceEnds } from './sentence-ends.ts';

export interface SpokenRange {
  readonly range: TimeRange;
  /** What is said meanwhile, in one line; cues are joined by a space, and so are a cue's lines. */
  readonly text: string;
}

/** A sentence this near to the change of slides ends with the slide. Seconds. */
const NEAR = 2;

interface Shown {
  readonly start: number;
  readonly slide: number;
  readonly range: number;
}

/** A cue or a part of one, and which of the ranges it is said in. */
interface Piece {
  readonly text: string;
  at: number;
}

/**
 * Gives every word to one range of one slide: a cue by its midpoint, or, where a sentence in it ends within two seconds
 * of a change of slides, each part to its side. Words before the first slide go to the first; words in a gap (where the
 * speaker is shown) and after the last go to the slide before. Joined by spaces in the order of time, the texts are
 * the cues' texts in the order of their starts, joined by spaces.
 * @returns for each slide, for each of its ranges in its order; empty texts included. Without any range nothing can be
 * assigned: the texts are to be shown on their own.
 */
export function assignCues(
  cues: readonly Cue[],
  slides: readonly { readonly ranges: readonly TimeRange[] }[],
): SpokenRange[][] {
  const shown = slides
    .flatMap(({ ranges }, slide) => ranges.map(({ start }, range): Shown => ({ start, slide, range })))
    .sort((a, b) => a.start - b.start);
  const texts = slides.map(({ ranges }) => ranges.map((): string[] => []));
  const starts = shown.map(({ start }) => start);
  const pieces = [...cues].sort((a, b) => a.start - b.start).flatMap((cue) => cutAtChanges(cue, starts));
  // An overlapping cue that lasts long may have its middle behind that of cues that begin later: it goes with them.
  let earliest = Infinity;
  for (const piece of pieces.toReversed()) piece.at = earliest = Math.min(earliest, piece.at);
  for (const { at, text } of pieces) {
    const place = shown[at];
    if (place) texts[place.slide]?.[place.range]?.push(text);
  }
  return slides.map(({ ranges }, slide) =>
    ranges.map((range, n) => ({ range, text: texts[slide]?.[n]?.join(' ') ?? '' })),
  );
}

function cutAtChanges({ start, end, text }: Cue, starts: readonly number[]): Piece[] {
  const line = text.replace(/[ \t\r\n]+/g, ' ').trim();
  if (line === '') return [];
  const pieces: Piece[] = [];
  let from = 0;
  let since = start;
  const take = (to: number, until: number) => {
    pieces.push({ text: line.slice(from, to), at: rangeAt((since + until) / 2, starts) });
    // The space is what joins the parts again.
    from = to + 1;
    since = until;
  };
  for (const { at, change } of cuts(line, start, end, starts)) take(at, change);
  take(line.length, end);
  return pieces;
}

/** Where to cut: for each change of slides during the cue, the sentence end that is nearest to it, if any is near. */
function cuts(
  line: string,
  start: number,
  end: number,
  starts: readonly number[],
): { at: number; change: number }[] {
  // The first range begins nothing: words before it belong to it.
  if (rangeAt(start, starts) === rangeAt(end, starts)) return [];
  const best = new Map<number, { at: number; change: number; distance: number }>();
  for (const at of sentenceEnds(line)) {
    // As if every character took the same time.
    const time = start + ((end - start) * at) / line.length;
    const before = rangeAt(time, starts);
    for (const n of [before, before + 1]) {
      const change = starts[n];
      if (n === 0 || change === undefined || change <= start || change >= end) continue;
      const distance = Math.abs(time - change);
      // A cue that itself begins or ends nearer to the change stays whole.
      const least = best.get(n)?.distance ?? Math.min(change - start, end - change);
      if (distance <= NEAR && distance < least) {
        best.set(n, { at, change, distance });
      }
    }
  }
  // Two changes at one sentence end: a cut in one place, at the later change.
  const places = new Map([...best.values()].map((cut) => [cut.at, cut]));
  return [...places.values()].sort((a, b) => a.at - b.at);
}

/** The last range that has begun by then, or the first. */
function rangeAt(time: number, starts: readonly number[]): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

import type { Paint } from './lecture.ts';
import { escapeXml } from './layout.ts';
import { blank, colourOf, paste, renderSvg, type Picture } from './picture.ts';
import type { Random } from './random.ts';
import { even } from './transitions.ts';

export interface Cue {
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What somebody might be heard to say, a few seconds each, with pauses. */
export function makeCues(lines: readonly string[], duration: number, random: Random): Cue[] {
  const cues: Cue[] = [];
  for (let t = random.between(0.2, 1); t < duration - 1;) {
    const end = Math.min(duration - 0.1, t + random.between(1.6, 4));
    cues.push({ start: t, end, text: `${random.pick(lines)}.` });
    t = end + random.pick([0.05, 0.05, 0.6, 1.5]);
  }
  return cues;
}

/** Burnt-in captions: white on black at the bottom, as wide as the text. */
export async function burntCaptions(
  cues: readonly Cue[],
  width: number,
  height: number,
  random: Random,
): Promise<Paint> {
  const tall = even(height * random.between(0.06, 0.08));
  const lift = even(height * random.between(0.02, 0.05));
  const pictures: Picture[] = [];
  for (const { text } of cues) pictures.push(await plate(text, width, tall));
  return (frame, t) => {
    const at = cues.findIndex((cue) => t >= cue.start && t < cue.end);
    const picture = pictures[at];
    if (!picture) return;
    const x = even((width - picture.width) / 2);
    paste(picture, { x: 0, y: 0, w: picture.width, h: tall }, frame, x, height - tall - lift);
  };
}

/** A bar over the whole width that is always there, in which what is said comes word by word, below what was said before. */
export async function liveCaptions(
  cues: readonly Cue[],
  width: number,
  height: number,
  random: Random,
): Promise<Paint> {
  const tall = even(height * random.between(0.05, 0.065));
  const lines = cues.flatMap((cue, at) => {
    const words = cue.text.split(' ');
    return words.map((_, n) => ({
      from: cue.start + ((cue.end - cue.start) * n) / words.length,
      last: cues[at - 1]?.text ?? '',
      now: words.slice(0, n + 1).join(' '),
    }));
  });
  const pictures = new Map<string, Picture>();
  for (const { last, now } of lines) {
    for (const words of [last, now]) {
      if (words !== '' && !pictures.has(words)) pictures.set(words, await plate(words, width, tall));
    }
  }
  const bar = blank(width, 2 * tall, colourOf(16, 16, 16));
  return (frame, t) => {
    const [x, y] = [even(width * 0.04), height - 2 * tall];
    paste(bar, { x: 0, y: 0, w: width, h: 2 * tall }, frame, 0, y);
    const line = lines.findLast(({ from }) => from <= t);
    [line?.last, line?.now].forEach((words, row) => {
      const picture = words ? pictures.get(words) : undefined;
      if (picture) paste(picture, { x: 0, y: 0, w: picture.width, h: tall }, frame, x, y + row * tall);
    });
  };
}

function plate(words: string, most: number, tall: number): Promise<Picture> {
  const size = tall * 0.62;
  const width = even(Math.min(most * 0.96, words.length * size * 0.62));
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${tall}"><rect width="100%" height="100%" fill="#101010"/>` +
    `<text x="50%" y="${tall * 0.72}" font-size="${size}" fill="#fff" font-family="sans-serif" text-anchor="middle" ` +
    `textLength="${width * 0.92}" lengthAdjust="spacingAndGlyphs">${escapeXml(words)}</text></svg>`;
  return renderSvg(svg, width, tall);
}

/** The cues as an .srt. */
export function srtOf(cues: readonly Cue[]): string {
  const clock = (seconds: number) => {
    const time = new Date(Math.round(seconds * 1000)).toISOString();
    return time.slice(11, 23).replace('.', ',');
  };
  return cues
    .map(({ start, end, text }, i) => `${i + 1}\n${clock(start)} --> ${clock(end)}\n${text}\n`)
    .join('\n');
}

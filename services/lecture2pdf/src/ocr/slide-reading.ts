/** What is written on a slide, as far as it could be read. */
export interface SlideReading {
  /** Null where nothing looks like one. */
  title: string | null;
  /** Line by line. */
  text: string;
  words: ReadWord[];
  /** Why it could not be read at all; null where it could, even if nothing is written on it. */
  failed: string | null;
}

export interface ReadWord {
  text: string;
  /** Pixels of the picture: as wide as the word, as high as its line. */
  box: { x: number; y: number; w: number; h: number };
  /** 0–100. */
  confidence: number;
}

/** A rectangle by its corners, in pixels of what was recognised. */
interface Corners {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export interface RecognisedLine {
  words: { text: string; confidence: number; bbox: Corners }[];
}

const MIN_CONFIDENCE = 60;
/** A letter is never so much wider than high: a rule, a frame or a bar was taken for text. */
const MAX_LETTER_SHAPE = 2.5;
/** A line this much higher than its words runs slantwise: each word keeps its own height. */
const SLANTED = 1.8;
const TITLE_ZONE = 0.25;
const MAX_TITLE = 120;

/**
 * @param lines as recognised on a picture `scale` times as large as the slide's
 * @param height of the slide's picture, in pixels
 */
export function slideReading(
  lines: readonly RecognisedLine[],
  scale: number,
  height: number,
): Omit<SlideReading, 'failed'> {
  const kept = lines
    .map((line) => sureWords(line, scale))
    .filter((words) => words.some(({ text }) => /[\p{L}\p{N}]/u.test(text)));
  return { title: titleOf(kept, height), text: kept.map(lineText).join('\n'), words: kept.flat() };
}

function sureWords(line: RecognisedLine, scale: number): ReadWord[] {
  const words = line.words.filter(({ text, confidence, bbox }) => {
    const [width, height] = [bbox.x1 - bbox.x0, bbox.y1 - bbox.y0];
    const shape = width / Math.max(1, height) / Math.max(1, [...text.trim()].length);
    return text.trim() !== '' && confidence >= MIN_CONFIDENCE && height > 0 && shape <= MAX_LETTER_SHAPE;
  });
  const top = Math.min(...words.map(({ bbox }) => bbox.y0));
  const bottom = Math.max(...words.map(({ bbox }) => bbox.y1));
  const highest = Math.max(...words.map(({ bbox }) => bbox.y1 - bbox.y0));
  const straight = bottom - top <= highest * SLANTED;
  return words.map(({ text, confidence, bbox }) => {
    const [y0, y1] = straight ? [top, bottom] : [bbox.y0, bbox.y1];
    return {
      text: text.trim(),
      confidence,
      box: { x: bbox.x0 / scale, y: y0 / scale, w: (bbox.x1 - bbox.x0) / scale, h: (y1 - y0) / scale },
    };
  });
}

/** The highest line of the top quarter, with the one under it where the title goes on there. */
function titleOf(lines: readonly ReadWord[][], height: number): string | null {
  const zone = lines
    .filter((words) => middleOf(words) <= height * TITLE_ZONE && /\p{L}{2}/u.test(lineText(words)))
    .sort((a, b) => heightOf(b) - heightOf(a));
  const first = zone[0];
  if (!first) return null;
  const rest = lines
    .slice(lines.indexOf(first) + 1, lines.indexOf(first) + 2)
    .filter((words) => goesOn(first, words));
  const title = [first, ...rest].map(lineText).join(' ');
  return title.length <= MAX_TITLE
    ? title
    : `${title
        .slice(0, MAX_TITLE - 1)
        .trimEnd()
        .toWellFormed()}…`;
}

function goesOn(title: ReadWord[], next: ReadWord[]): boolean {
  const gap = topOf(next) - (topOf(title) + heightOf(title));
  const likeness = heightOf(next) / heightOf(title);
  return gap > -heightOf(title) / 2 && gap < heightOf(title) * 0.7 && likeness > 0.87 && likeness < 1.15;
}

function lineText(words: readonly ReadWord[]): string {
  return words.map(({ text }) => text).join(' ');
}

function topOf(words: readonly ReadWord[]): number {
  return Math.min(...words.map(({ box }) => box.y));
}

function heightOf(words: readonly ReadWord[]): number {
  return Math.max(...words.map(({ box }) => box.h));
}

function middleOf(words: readonly ReadWord[]): number {
  return topOf(words) + heightOf(words) / 2;
}

import LineBreaker from 'linebreak';
import { type Direction, directionOf, visualOrder } from './bidi.ts';
import type { Weight } from './font-files.ts';
import type { Fonts } from './fonts.ts';
import { type Piece, piecesOf } from './pieces.ts';

/** One line, ready to be drawn: its pieces from left to right. */
export interface Line {
  pieces: Piece[];
  /** Points. */
  width: number;
  /** It belongs at the right edge of its column. */
  rightToLeft: boolean;
  /** What it says, in the order of reading. */
  text: string;
}

export interface Style {
  weight: Weight;
  /** Points. */
  size: number;
}

/** Scripts that put no spaces between their words, and that the line breaking algorithm leaves to a dictionary. */
const UNSPACED = /[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF]/;
const words = new Intl.Segmenter('th', { granularity: 'word' });
const clusters = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Sets texts of one document into lines (UAX #14 for the breaks, UAX #9 for the directions). */
export class Typesetter {
  readonly #fonts: Fonts;
  readonly #widths = new Map<string, number>();

  constructor(fonts: Fonts) {
    this.#fonts = fonts;
  }

  /** A text on one line, however long. */
  line(text: string, style: Style): Line {
    return this.#line(text, directionOf(text), 0, text.length, style);
  }

  /** The text on one line of at most `width` points, its end cut off (…) where it is longer. */
  fit(text: string, style: Style, width: number): Line {
    const whole = this.line(text, style);
    if (whole.width <= width) return whole;
    const parts = [...clusters.segment(text)].map(({ segment }) => segment);
    let [fits, tooLong] = [0, parts.length];
    while (tooLong - fits > 1) {
      const middle = Math.floor((fits + tooLong) / 2);
      const { width: wide } = this.line(shortened(parts, middle), style);
      if (wide <= width) fits = middle;
      else tooLong = middle;
    }
    return this.line(shortened(parts, fits), style);
  }

  /**
   * @param text may hold several paragraphs, one a line
   * @param nextWidth is asked at the beginning of each line for its width, in points; a longer word is broken
   *   between its letters
   */
  *lines(text: string, style: Style, nextWidth: () => number): Generator<Line> {
    for (const paragraph of text.split('\n')) {
      if (paragraph.trim() !== '') yield* this.#paragraph(paragraph.trim(), style, nextWidth);
    }
  }

  *#paragraph(text: string, style: Style, nextWidth: () => number): Generator<Line> {
    const direction = directionOf(text);
    let width = nextWidth();
    let start = 0;
    let used = 0;
    for (const [from, to] of this.#unbreakable(text, direction, style, () => width)) {
      const visible = from + text.slice(from, to).trimEnd().length;
      if (start < from && used + this.#width(text, direction, from, visible, style) > width) {
        yield this.#line(text, direction, start, from, style);
        [start, used, width] = [from, 0, nextWidth()];
      }
      used += this.#width(text, direction, from, to, style);
    }
    yield this.#line(text, direction, start, text.length, style);
  }

  /** The stretches between two places where a line may end, none of them wider than the column. */
  *#unbreakable(
    text: string,
    direction: Direction,
    style: Style,
    width: () => number,
  ): Generator<[number, number]> {
    let from = 0;
    for (const to of breaks(text)) {
      const visible = from + text.slice(from, to).trimEnd().length;
      if (this.#width(text, direction, from, visible, style) <= width()) {
        yield [from, to];
      } else {
        for (const { segment, index } of clusters.segment(text.slice(from, to))) {
          yield [from + index, from + index + segment.length];
        }
      }
      from = to;
    }
  }

  /** Points. */
  #width(text: string, direction: Direction, from: number, to: number, style: Style): number {
    if (from === to) return 0;
    const part = text.slice(from, to);
    const key = `${style.weight} ${direction.levels ? direction.levels.slice(from, to).join('') : ''} ${part}`;
    let width = this.#widths.get(key);
    if (width === undefined) {
      const levels = direction.levels?.slice(from, to) ?? null;
      width = total(piecesOf(part, levels, style.weight, this.#fonts));
      this.#widths.set(key, width);
    }
    return (width * style.size) / 1000;
  }

  #line(text: string, direction: Direction, from: number, to: number, style: Style): Line {
    const part = text.slice(from, to).trimEnd();
    const levels = direction.levels?.slice(from, from + part.length) ?? null;
    const pieces = visualOrder(piecesOf(part, levels, style.weight, this.#fonts));
    return {
      pieces,
      width: (total(pieces) * style.size) / 1000,
      rightToLeft: direction.rightToLeft,
      text: part,
    };
  }
}

function shortened(parts: readonly string[], length: number): string {
  return `${parts.slice(0, length).join('').trimEnd()}…`;
}

function total(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.width, 0);
}

/** Where a line may end, the end of the text among them. */
function breaks(text: string): number[] {
  const places = new Set<number>([text.length]);
  const breaker = new LineBreaker(text);
  for (let next = breaker.nextBreak(); next; next = breaker.nextBreak()) places.add(next.position);
  if (UNSPACED.test(text)) {
    for (const { index, segment } of words.segment(text)) {
      if (index > 0 && UNSPACED.test(segment)) places.add(index);
    }
  }
  return [...places].sort((a, b) => a - b);
}

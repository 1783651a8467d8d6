import type { Font, GlyphRun } from 'fontkit';
import { create } from 'fontkit';

/** Right-to-left override: in front of a text it tells a face's layout to go from right to left. */
const RIGHT_TO_LEFT = '\u202E';

/** A font with the characters that this document needs of it. */
export interface Face {
  /** Unique in the document. */
  name: string;
  /** What pdfkit embeds. It lays a text out in the direction that {@link directed} gave it. */
  font: Font;
  has(codePoint: number): boolean;
  /** Width of a shaped text, in thousandths of the font size. */
  width(text: string, rightToLeft: boolean): number;
}

/** The text as {@link Face.font} takes it. */
export function directed(text: string, rightToLeft: boolean): string {
  return rightToLeft ? RIGHT_TO_LEFT + text : text;
}

/** Letters that need no composing: each has a shape of its own, and keeps it in a copy of the page. */
const UNMARKED = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}]*$/u;

/** fontkit reads the bounds of every glyph, even of an empty one that ends where the file does. */
const PAST_THE_END = Buffer.alloc(16);

/**
 * @param file a TrueType font
 * @param name becomes its PostScript name: pdfkit takes fonts of one name for the same
 */
export function createFace(file: Buffer, name: string): Face {
  const parsed = create(Buffer.concat([file, PAST_THE_END]));
  if (!('layout' in parsed)) throw new Error(`${name} is a collection of fonts`);
  // fontkit remembers a shape by the first letter that it was drawn for: let that be its own.
  for (const code of parsed.characterSet) parsed.glyphForCodePoint(code);
  const layout = directedLayout(parsed);
  const font = Object.create(parsed, {
    postscriptName: { value: name },
    layout: { value: layout },
  }) as Font;
  return {
    name,
    font,
    has: (code) => parsed.hasGlyphForCodePoint(code),
    width: (text, rightToLeft) =>
      (layout(directed(text, rightToLeft)).advanceWidth * 1000) / parsed.unitsPerEm,
  };
}

/**
 * fontkit guesses the direction from the letters; a run of punctuation or digits has none, so it is said. pdfkit asks
 * for each text several times and scales the positions in place: the last one is kept, its positions are handed out
 * as copies.
 */
function directedLayout(font: Font): (text: string) => GlyphRun {
  let last: { text: string; run: GlyphRun } | undefined;
  return (text) => {
    if (last?.text !== text) {
      const rightToLeft = text.startsWith(RIGHT_TO_LEFT);
      const letters = rightToLeft ? text.slice(RIGHT_TO_LEFT.length) : text;
      const run = font.layout(
        letters,
        UNMARKED.test(letters) ? { ccmp: false } : [],
        undefined,
        undefined,
        rightToLeft ? 'rtl' : 'ltr',
      );
      if (/[\u200C\u200D]/.test(letters)) dropJoiners(font, run);
      last = { text, run };
    }
    const positions = last.run.positions.map((position) => ({ ...position }));
    return Object.create(last.run, { positions: { value: positions } }) as GlyphRun;
  };
}

/** fontkit draws zero-width joiners and non-joiners as spaces without width: a copy of the page would have spaces. */
function dropJoiners(font: Font, run: GlyphRun): void {
  const space = font.glyphForCodePoint(0x20).id;
  const drawn = run.glyphs.map((glyph, index) => glyph.id !== space || run.positions[index]?.xAdvance !== 0);
  run.glyphs = run.glyphs.filter((_, index) => drawn[index]);
  run.positions = run.positions.filter((_, index) => drawn[index]);
}

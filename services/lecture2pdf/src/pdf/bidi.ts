import createBidi from 'bidi-js';

// Its types say that it has a default export; the module is the function itself.
const bidi = (createBidi as unknown as typeof createBidi.default)();

/** Any character that makes a text more than left to right: letters of such scripts, and directional marks. */
const MIXED =
  /[\u0590-\u08FF\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

/** How a paragraph runs (Unicode Bidirectional Algorithm, UAX #9). */
export interface Direction {
  /** The paragraph begins at the right. */
  rightToLeft: boolean;
  /** The embedding level of each UTF-16 unit; odd is right to left. Null where all is left to right. */
  levels: Uint8Array | null;
}

export function directionOf(paragraph: string): Direction {
  if (!MIXED.test(paragraph)) return { rightToLeft: false, levels: null };
  const { levels, paragraphs } = bidi.getEmbeddingLevels(paragraph);
  return { rightToLeft: (paragraphs[0]?.level ?? 0) % 2 === 1, levels };
}

/** The text with brackets and the like turned round, as they look in a run from right to left. */
export function mirrored(text: string): string {
  return [...text].map((character) => bidi.getMirroredCharacter(character) ?? character).join('');
}

/** Rule L2: the pieces of a line in the order of reading become those from left to right. */
export function visualOrder<T extends { level: number }>(pieces: readonly T[]): T[] {
  const line = [...pieces];
  const highest = Math.max(0, ...line.map((piece) => piece.level));
  for (let level = highest; level > 0; level -= 1) {
    for (let start = 0; start < line.length; start += 1) {
      let end = start;
      while ((line[end]?.level ?? -1) >= level) end += 1;
      if (end > start) line.splice(start, end - start, ...line.slice(start, end).reverse());
      start = Math.max(start, end - 1);
    }
  }
  return line;
}

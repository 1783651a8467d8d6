/** The parts that are used here of packages that bring no types. */
declare module 'linebreak' {
  export default class LineBreaker {
    constructor(text: string);
    /** The next place where a line may end, as an index into the text; null after the last. */
    nextBreak(): { position: number; required: boolean } | null;
  }
}
declare module 'subset-font' {
  /** The font with the glyphs that `text` needs, whatever its shaping, and nothing else. */
  export default function subsetFont(
    font: Buffer,
    text: string,
    options: {
      targetFormat: 'truetype';
      noHinting: boolean;
      variationAxes?: Record<string, number>;
    },
  ): Promise<Buffer>;
}

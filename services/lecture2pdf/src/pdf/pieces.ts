import { mirrored } from './bidi.ts';
import type { Face } from './face.ts';
import type { Weight } from './font-files.ts';
import type { Fonts } from './fonts.ts';
import { REPLACEMENT } from './printable.ts';

/** A stretch of one line in one face and one direction. */
export interface Piece {
  face: Face;
  /** As it is shaped: in the order of reading. */
  text: string;
  /** What it stands for, where no face shows that: a copy of the page has it. */
  actual?: string;
  rightToLeft: boolean;
  level: number;
  /** Thousandths of the font size. */
  width: number;
}

const clusters = new Intl.Segmenter('und', { granularity: 'grapheme' });
/** Directional marks and zero-width spaces: they have done their work before anything is drawn. */
const STEERING = /[\u061C\u200B\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
/** Joiners belong to the letters around them; without them they show nothing. */
const JOINERS = /[\u200C\u200D]/g;

/**
 * Splits a text by the faces and directions that it needs; what no face has becomes a replacement.
 *
 * @param text one line, or a part of it
 * @param levels of that text, by UTF-16 unit; null where all is left to right
 */
export function piecesOf(text: string, levels: Uint8Array | null, weight: Weight, fonts: Fonts): Piece[] {
  const pieces: Piece[] = [];
  for (const { segment, index } of clusters.segment(text)) {
    const level = levels?.[index] ?? 0;
    for (const shown of show(segment.replace(STEERING, ''), pieces.at(-1)?.face, weight, fonts)) {
      const previous = pieces.at(-1);
      if (previous?.face === shown.face && previous.level === level && !previous.actual && !shown.actual) {
        previous.text += shown.text;
      } else {
        pieces.push({ ...shown, rightToLeft: level % 2 === 1, level, width: 0 });
      }
    }
  }
  for (const piece of pieces) {
    if (piece.rightToLeft) piece.text = mirrored(piece.text);
    piece.width = piece.face.width(piece.text, piece.rightToLeft);
  }
  return pieces;
}

/**
 * A letter with its marks, in the letter's face; a mark that this face lacks follows in its own.
 *
 * @param before the face of what stands before it: a space takes the same
 */
function show(
  cluster: string,
  before: Face | undefined,
  weight: Weight,
  fonts: Fonts,
): Pick<Piece, 'face' | 'text' | 'actual'>[] {
  const replacementOf = (actual: string) => ({ face: fonts.replacement(weight), text: REPLACEMENT, actual });
  const base = cluster.replace(JOINERS, '').codePointAt(0);
  if (base === undefined) return [];
  const face = base === SPACE && before ? before : fonts.faceFor(base, weight);
  if (!face) return [replacementOf(cluster)];
  const shapes = [...cluster];
  const strange = shapes.filter((shape) => !face.has(codeOf(shape)) && shape.replace(JOINERS, '') !== '');
  return [
    { face, text: shapes.filter((shape) => face.has(codeOf(shape))).join('') },
    ...strange.map((mark) => {
      const own = fonts.faceFor(codeOf(mark), weight);
      return own ? { face: own, text: mark } : replacementOf(mark);
    }),
  ];
}

const SPACE = 0x20;

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

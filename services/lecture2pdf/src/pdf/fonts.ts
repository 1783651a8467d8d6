import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import subsetFont from 'subset-font';
import { mirrored } from './bidi.ts';
import { createFace, type Face } from './face.ts';
import { type FontFile, fontFamilies, type Weight } from './font-files.ts';
import { REPLACEMENT } from './printable.ts';

/** The faces of a document. */
export interface Fonts {
  /** The face that shows a character in that weight; undefined where no font has it. */
  faceFor(codePoint: number, weight: Weight): Face | undefined;
  /** Shows {@link REPLACEMENT}. */
  replacement(weight: Weight): Face;
}

/** What every document's own words, times and numbers are made of. */
const ALWAYS = ` !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz–—…·•${REPLACEMENT}`;
/** In every face, so that a run of one script is not torn at its spaces, nor loses its joiners (ZWNJ, ZWJ). */
const SHARED = [0x20, 0x200c, 0x200d];

/**
 * Opens the fonts that the texts of a document need, each cut down to the characters that it is needed for.
 *
 * @param texts everything that will be shown, by weight
 * @param language BCP 47; decides between the styles of Han characters
 */
export async function loadFonts(
  texts: Record<Weight, Iterable<string>>,
  language: string | null,
): Promise<Fonts> {
  const [regular, bold] = [codePoints(texts.regular), codePoints(texts.bold)];
  const families = fontFamilies(language, new Set([...regular, ...bold]));
  const faces = { regular: new Map<number, Face>(), bold: new Map<number, Face>() };
  for (const [weight, wanted] of [
    ['regular', regular],
    ['bold', bold],
  ] as const) {
    for (const family of families) {
      if (wanted.size === 0) break;
      for (const file of await family(weight)) {
        const face = await openFace(file, wanted, weight);
        for (const code of face ? [...wanted].filter((one) => face.has(one)) : []) {
          if (face && !faces[weight].has(code)) faces[weight].set(code, face);
          wanted.delete(code);
        }
      }
    }
  }
  return {
    faceFor: (code, weight) => faces[weight].get(code),
    replacement: (weight) => {
      const face = faces[weight].get(REPLACEMENT.charCodeAt(0));
      if (!face) throw new Error('the first font has no replacement character');
      return face;
    },
  };
}

function codePoints(texts: Iterable<string>): Set<number> {
  const codes = new Set<number>();
  for (const text of [ALWAYS, ...texts]) {
    for (const character of text + mirrored(text) + marksOf(text)) codes.add(character.codePointAt(0) ?? 0);
  }
  return codes;
}

/** A font may draw ụ as u and a dot: a copy of the page has the dot only if it is known to be one. */
function marksOf(text: string): string {
  return text.replace(/[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/gu, '').normalize('NFD');
}

async function openFace(
  file: FontFile,
  wanted: ReadonlySet<number>,
  weight: Weight,
): Promise<Face | undefined> {
  const codes = [...wanted].filter((code) => file.covers(code));
  if (codes.length === 0) return undefined;
  const small = await subsetFont(
    await readFile(file.path),
    [...SHARED, ...codes.sort((a, b) => a - b)].map((code) => String.fromCodePoint(code)).join(''),
    {
      targetFormat: 'truetype',
      noHinting: true,
      ...(file.wght === null ? {} : { variationAxes: { wght: file.wght } }),
    },
  );
  return createFace(small, `${basename(file.path, extname(file.path))}-${weight}`);
}

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** Weights that the pages use. */
export type Weight = 'regular' | 'bold';

/** One file of a family, with the code points that are worth looking for in it. */
export interface FontFile {
  path: string;
  /** Where the file is a variable font: the weight to take. */
  wght: number | null;
  covers(codePoint: number): boolean;
}

type Ranges = readonly (readonly [first: number, last: number])[];
const EVERYTHING: Ranges = [[0, 0x10ffff]];
const WGHT: Record<Weight, number> = { regular: 400, bold: 700 };

const require = createRequire(import.meta.url);

/** @param entry of the package that holds the file, and the file's path from there */
function beside(entry: string, path: string): string {
  return join(dirname(entry), path);
}

/** A family of whole fonts, one a weight. */
function whole(ranges: Ranges, regular: string, bold = regular): FontFamily {
  return (weight) =>
    Promise.resolve([
      { path: weight === 'bold' ? bold : regular, wght: null, covers: (code) => within(ranges, code) },
    ]);
}

/** A family cut into a hundred files by code points, as for the web: only those that a text needs are opened. */
function sliced(entry: string): FontFamily {
  const name = basename(dirname(entry));
  return async (weight) => {
    const index = await readFile(beside(entry, 'unicode.json'), 'utf8');
    return Object.entries(JSON.parse(index) as Record<string, string>).map(([slice, list]) => {
      const ranges = parseRanges(list);
      return {
        path: beside(entry, `files/${name}-${slice.replace(/[[\]]/g, '')}-wght-normal.woff2`),
        wght: WGHT[weight],
        covers: (code) => within(ranges, code),
      };
    });
  };
}

export type FontFamily = (weight: Weight) => Promise<FontFile[]>;

const latin = whole(
  EVERYTHING,
  beside(require.resolve('@embedpdf/fonts-latin'), '../fonts/NotoSans-Regular.ttf'),
  beside(require.resolve('@embedpdf/fonts-latin'), '../fonts/NotoSans-Bold.ttf'),
);
const hebrew = whole(
  [
    [0x0590, 0x05ff],
    [0xfb1d, 0xfb4f],
  ],
  beside(require.resolve('@embedpdf/fonts-hebrew'), '../fonts/NotoSansHebrew-Regular.ttf'),
  beside(require.resolve('@embedpdf/fonts-hebrew'), '../fonts/NotoSansHebrew-Bold.ttf'),
);
const arabic = whole(
  [
    [0x0600, 0x08ff],
    [0xfb50, 0xfdff],
    [0xfe70, 0xfefe],
  ],
  beside(require.resolve('@embedpdf/fonts-arabic'), '../fonts/NotoNaskhArabic-Regular.ttf'),
  beside(require.resolve('@embedpdf/fonts-arabic'), '../fonts/NotoNaskhArabic-Bold.ttf'),
);
const thai: FontFamily = (weight) =>
  Promise.resolve([
    {
      path: beside(
        require.resolve('@fontsource-variable/noto-sans-thai'),
        'files/noto-sans-thai-thai-wght-normal.woff2',
      ),
      wght: WGHT[weight],
      covers: (code) => within([[0x0e00, 0x0e7f]], code),
    },
  ]);
const han = {
  ja: sliced(require.resolve('@fontsource-variable/noto-sans-jp')),
  ko: sliced(require.resolve('@fontsource-variable/noto-sans-kr')),
  hans: sliced(require.resolve('@fontsource-variable/noto-sans-sc')),
  hant: sliced(require.resolve('@fontsource-variable/noto-sans-tc')),
};
const math = whole(
  [
    [0x2000, 0x2bff],
    [0x1d400, 0x1eeff],
  ],
  beside(require.resolve('@fontsource/noto-sans-math'), 'files/noto-sans-math-latin-400-normal.woff2'),
);
const symbols = whole(
  EVERYTHING,
  beside(
    require.resolve('@fontsource/noto-sans-symbols-2'),
    'files/noto-sans-symbols-2-symbols-400-normal.woff2',
  ),
);

/**
 * The families in the order in which they are asked for a character. A Han character is drawn differently in China,
 * Taiwan, Japan and Korea: the language decides, or else kana and hangul in the text.
 */
export function fontFamilies(language: string | null, codePoints: ReadonlySet<number>): FontFamily[] {
  const first = hanStyle(language, codePoints);
  const rest = (['hans', 'ja', 'ko', 'hant'] as const).filter((style) => style !== first);
  return [latin, hebrew, arabic, thai, math, han[first], ...rest.map((style) => han[style]), symbols];
}

function hanStyle(language: string | null, codePoints: ReadonlySet<number>): keyof typeof han {
  const tag = (language ?? '').toLowerCase();
  if (/^(ja|ko)\b/.test(tag)) return tag.startsWith('ja') ? 'ja' : 'ko';
  if (/^zh\b.*\b(hant|tw|hk|mo)\b|^yue\b/.test(tag)) return 'hant';
  if (tag.startsWith('zh')) return 'hans';
  const some = (first: number, last: number) => [...codePoints].some((code) => code >= first && code <= last);
  if (some(0x3041, 0x30ff)) return 'ja';
  return some(0xac00, 0xd7a3) ? 'ko' : 'hans';
}

/** `U+30-39,U+41` as CSS writes it. */
function parseRanges(list: string): Ranges {
  return list.split(',').map((range) => {
    const [first = '', last = first] = range.trim().replace(/^U\+/i, '').split('-');
    return [parseInt(first, 16), parseInt(last, 16)] as const;
  });
}

function within(ranges: Ranges, code: number): boolean {
  return ranges.some(([first, last]) => code >= first && code <= last);
}

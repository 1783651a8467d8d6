import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadFonts } from './fonts.ts';
import { type LecturePdf, writeLecturePdf } from './index.ts';
import { Typesetter } from './paragraph.ts';
import { printable } from './printable.ts';
import { actualTextsOf, openPdf, pagesOf, textsOf, wordsOf } from './testing/read-pdf.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lecture-pdf-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(text: string, language: string | null) {
  const path = join(folder, 'talk.pdf');
  const talk: LecturePdf = {
    filename: 'talk.mp4',
    title: 'Talk',
    duration: 60,
    uploadedAt: new Date(0),
    sourceUrl: null,
    language,
    layout: 'portrait',
    transcript: { source: 'uploaded', language, model: null },
    slides: [],
    withoutSlide: [{ range: { start: 0, end: 60 }, text }],
  };
  await writeLecturePdf(path, talk);
  return (await pagesOf(await openPdf(path))).slice(1);
}

/** What was said, without the page's own words and without spaces: a line may end between any two words. */
function said(pages: readonly string[]): string {
  return pages
    .map((page) => page.replace(/Talk · transcript: uploaded subtitles Page \d+ of \d+$/, ''))
    .join('')
    .replace(/^00:00 – 01:00/, '')
    .replace(/\s/gu, '');
}

const letters = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => String.fromCodePoint(first + index));
const words = (alphabet: readonly string[], count: number) =>
  Array.from({ length: count }, (_, n) =>
    Array.from({ length: 3 + (n % 6) }, (_, k) => alphabet[(n * 7 + k * (n % 5) + k) % alphabet.length]).join(
      '',
    ),
  );

/** Everyday characters, all of them in the common sets. */
const HAN =
  '的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题';

describe('a long transcript flows over pages and loses not one letter', () => {
  it.each([
    ['Latin', 'cs', words([...'abcčdďeěfghiíklmnňoópřsštťuůvyzž'], 1500).join(' ')],
    ['Vietnamese', 'vi', words([...'aăâbcdđeêghiklmnoôơpqrstuưvxyạảấầẩậắằếềểộờỡụựỳ'], 1500).join(' ')],
    ['Greek', 'el', words(letters(0x3b1, 25), 1500).join(' ')],
    ['Cyrillic', 'ru', words(letters(0x430, 32), 1500).join(' ')],
    ['Chinese', 'zh', words([...HAN], 900).join('，')],
    ['Traditional Chinese', 'zh-TW', words([...'臺灣學習數據結構與演算法圖書館電腦網路'], 900).join('。')],
    [
      'Japanese',
      'ja',
      words([...letters(0x3042, 60), ...letters(0x30a2, 60), ...'日本語学習'], 900).join('、'),
    ],
    ['Korean', 'ko', words(letters(0xac00, 300), 1200).join(' ')],
    ['Thai', 'th', words(letters(0x0e01, 40), 1200).join(' ')],
    ['a word without end', 'en', words([...'abcdefghijklm'], 2000).join('')],
  ])('%s', async (_name, language, text) => {
    const pages = await write(text, language);
    expect(pages.length).toBeGreaterThan(1);
    const [found, expected] = [said(await Promise.all(pages.map(wordsOf))), text.replace(/\s/gu, '')];
    const at = [...expected].findIndex((_, index) => found[index] !== expected[index]);
    expect(found.slice(at, at + 20)).toBe(at < 0 ? '' : expected.slice(at, at + 20));
    expect(found.length).toBe(expected.length);
  });

  it.each([
    ['Arabic', 'ar', words([...'ابتثجحخدذرزسشصضطظعغفقكمنهوي'], 1500)],
    ['Persian', 'fa', words([...'اآبپتچجخدرزژسشعغفقکگمنوهی'], 1500)],
    ['Hebrew', 'he', words([...'אבגדהוזחטיכלמנסעפצקרשתםןץףך'], 1500)],
  ])('%s, from right to left', async (_name, language, expected) => {
    const pages = await write(expected.join(' '), language);
    expect(pages.length).toBeGreaterThan(1);
    const found = (await Promise.all(pages.map(wordsOf))).join(' ').split(' ');
    const missing = new Map<string, number>();
    for (const word of expected) missing.set(word, (missing.get(word) ?? 0) + 1);
    for (const word of found) missing.set(word, (missing.get(word) ?? 0) - 1);
    expect(expected.filter((word) => (missing.get(word) ?? 0) > 0)).toEqual([]);
  });
});

it('sets Hebrew and Arabic from the right, and Latin and numbers within them from the left', async () => {
  for (const [language, text] of [
    ['he', 'ראשון two שלישי 45'],
    ['ar', 'الأول two الثالث 45'],
  ] as const) {
    const [page] = await write(text, language);
    if (!page) throw new Error('a page was expected');
    const found = (await textsOf(page)).filter(({ text }) => text.trim() !== '');
    const place = (part: string) => found.find(({ text }) => text.includes(part))?.x ?? Number.NaN;
    const [first, second, third] = text.split(' ').map(place);
    expect([first, second, third, place('45')].map(Number).toSorted((a, b) => b - a)).toEqual([
      first,
      second,
      third,
      place('45'),
    ]);
    const line = found.filter(({ y }) => y === found.find(({ text }) => text.includes('two'))?.y);
    expect(Math.max(...line.map(({ x, width }) => x + width))).toBeCloseTo(595.28 - 40, 0);
  }
});

it('joins Arabic letters and turns brackets round', async () => {
  const fonts = await loadFonts({ regular: ['سلام (a)'], bold: [] }, 'ar');
  const [piece] = new Typesetter(fonts).line('سلام', { weight: 'regular', size: 10 }).pieces;
  if (!piece) throw new Error('a piece was expected');
  const shapes = (text: string) => piece.face.font.layout(text).glyphs.map(({ id }) => id);
  const alone = [...'سلام'].flatMap(shapes);
  expect(shapes('سلام').filter((id) => alone.includes(id))).toHaveLength(1);
  const line = new Typesetter(fonts).line('(سلام)', { weight: 'regular', size: 10 });
  expect(line.pieces.map(({ text }) => text).join('|')).toBe('(|سلام|)');
  expect(line.rightToLeft).toBe(true);
});

it('shows a mark for what no font has, and does not break', async () => {
  const odd = 'a 😀 b \uE000 c \uD800 d \u0000\u0007 e 👩‍👩‍👧 f \u{10FFFF} g';
  const pages = await write(odd, 'en');
  const text = (await Promise.all(pages.map(wordsOf))).join(' ');
  expect(text).toContain('a � b � c � d �� e � f � g');
});

it.each([
  ['en', 'snow or 😀, 👩‍👩‍👧 and \uE000', ['😀', '👩‍👩‍👧', '\uE000']],
  ['he', 'שלום 😀😀 עולם', ['😀', '😀']],
] as const)('has what no font has in a copy of the page, in %s', async (language, text, missing) => {
  await write(text, language);
  expect(await actualTextsOf(join(folder, 'talk.pdf'))).toEqual(missing);
});

it('covers mathematics and symbols', async () => {
  const text = '∀x∈ℝ:∑x²≤√2→∞♪☃𝔼';
  expect(said(await Promise.all((await write(text, 'en')).map(wordsOf)))).toBe(text);
});

it('keeps every letter of any text, whatever the width of the column', async () => {
  const alphabet = [...'ab  éω я\u0301 中あ한 אבّسل («5)\u200C\u200F\u2067\u202E\u0301👩\uD800\n\t'];
  const fonts = await loadFonts({ regular: alphabet.map(printable), bold: [] }, null);
  const unseen = /[\s\u200B-\u200F\u202A-\u202E\u2066-\u2069]/gu;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...alphabet), { maxLength: 60 }),
      fc.integer({ min: 1, max: 300 }),
      (characters, width) => {
        const text = printable(characters.join(''));
        const set = new Typesetter(fonts);
        const lines = [...set.lines(text, { weight: 'regular', size: 10 }, () => width)];
        const kept = lines.map((line) => line.text).join('');
        expect(kept.replace(unseen, '')).toBe(text.replace(unseen, ''));
        for (const line of lines) {
          const clusters = [...new Intl.Segmenter().segment(line.text)].length;
          if (clusters > 1 && line.pieces.length > 0) expect(line.width).toBeLessThan(width + 25);
        }
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

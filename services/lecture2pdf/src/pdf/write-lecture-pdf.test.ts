import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LecturePdf, type LectureSlide, writeLecturePdf } from './index.ts';
import { drawSlide } from './testing/drawn-slide.ts';
import {
  elementsOf,
  openPdf,
  operatorsOf,
  outlineOf,
  pagesOf,
  textsOf,
  wordsOf,
} from './testing/read-pdf.ts';

let folder: string;
let picture: LectureSlide['picture'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lecture-pdf-'));
  picture = await drawSlide(join(folder, 'slide.jpg'), [
    { text: 'Sorting and Searching', x: 120, y: 180, size: 80 },
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

function slide(n: number, changes: Partial<LectureSlide> = {}): LectureSlide {
  const range = { start: (n - 1) * 60, end: n * 60 };
  return {
    n,
    title: `Chapter ${n}`,
    picture,
    ranges: [range],
    words: [{ text: 'Sorting', box: { x: 120, y: 120, w: 290, h: 80 }, confidence: 96 }],
    text: 'Sorting',
    transcript: [{ range, text: `Spoken words of slide ${n}.` }],
    ...changes,
  };
}

function lecture(changes: Partial<LecturePdf> = {}): LecturePdf {
  return {
    filename: 'week <3> & more.mp4',
    title: 'Algorithms: sorting',
    duration: 3723,
    uploadedAt: new Date('2026-02-03T10:00:00Z'),
    sourceUrl: 'https://example.org/lecture.mp4?key=1#old',
    language: 'en',
    layout: 'portrait',
    transcript: { source: 'embedded', language: 'en', model: null },
    slides: [slide(1), slide(2), slide(3)],
    ...changes,
  };
}

async function write(changes: Partial<LecturePdf> = {}) {
  const path = join(folder, 'lecture.pdf');
  const written = await writeLecturePdf(path, lecture(changes));
  const pdf = await openPdf(path);
  return { path, written, pdf, pages: await pagesOf(pdf) };
}

describe.each(['portrait', 'landscape', 'slides-only'] as const)('%s', (layout) => {
  it('numbers its pages, links and names them, and keeps the pictures as they are', async () => {
    const ranges = [
      { start: 0, end: 60 },
      { start: 200.5, end: 210 },
    ];
    const { path, written, pdf, pages } = await write({
      layout,
      slides: [slide(1, { ranges }), slide(2), slide(3)],
    });
    expect(written.pages).toBe(pages.length);
    expect(written.slidePages).toEqual([2, 3, 4]);
    for (const [index, page] of pages.entries()) {
      expect(await wordsOf(page)).toContain(`Page ${index + 1} of ${pages.length}`);
    }
    expect(await outlineOf(pdf)).toEqual([
      ['Chapter 1', 2],
      ['Chapter 2', 3],
      ['Chapter 3', 4],
    ]);

    const links = (await pages[1]?.getAnnotations()) as { url: string }[];
    expect(links.map(({ url }) => url)).toEqual([
      'https://example.org/lecture.mp4?key=1#t=0,60',
      'https://example.org/lecture.mp4?key=1#t=200.5,210',
    ]);
    const thumbnails = ((await pages[0]?.getAnnotations()) as { dest?: string }[]).flatMap(
      ({ dest }) => dest ?? [],
    );
    expect(thumbnails).toEqual(['slide-1', 'slide-2', 'slide-3']);
    expect(JSON.stringify(await pdf.getDestination('slide-3'))).toContain('Fit');

    const [bytes, jpeg] = [await readFile(path), await readFile(picture.path)];
    expect(bytes.indexOf(jpeg)).toBeGreaterThan(0);
    expect((await stat(path)).size / 3).toBeLessThan(jpeg.length + 40_000);
  });

  it('holds what was said once, except where only slides are asked for', async () => {
    const { pages } = await write({ layout });
    const text = (await Promise.all(pages.map(wordsOf))).join(' ');
    const times = text.split('Spoken words of slide 2.').length - 1;
    expect(times).toBe(layout === 'slides-only' ? 0 : 1);
  });

  it('fits pictures of any shape on their pages', async () => {
    const shapes = [
      [1080, 1920],
      [4000, 500],
      [500, 4000],
      [64, 64],
    ] as const;
    const slides = await Promise.all(
      shapes.map(async ([width, height], index) => {
        const path = join(folder, `${width}x${height}.jpg`);
        return slide(index + 1, { picture: await drawSlide(path, [], { width, height }) });
      }),
    );
    const { pages, written } = await write({ layout, slides });
    for (const [index, n] of written.slidePages.entries()) {
      const page = pages[n - 1];
      const [width = 0, height = 0] = shapes[index] ?? [];
      const { pictures, view } = await picturesOn(page);
      expect(pictures).toHaveLength(1);
      const [box] = pictures;
      expect(box && box.width / box.height).toBeCloseTo(width / height, 2);
      expect(box?.x).toBeGreaterThanOrEqual(-0.01);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((view[2] ?? 0) + 0.01);
      expect((box?.y ?? 0) - (box?.height ?? 0)).toBeGreaterThanOrEqual(-0.01);
    }
  });
});

it('tells what the lecture is on its first page and in its properties', async () => {
  const { path, pdf, pages } = await write();
  const [first, second] = pages;
  if (!first || !second) throw new Error('two pages were expected');
  const text = await wordsOf(first);
  for (const fact of ['Algorithms: sorting', 'week <3> & more.mp4', 'Length: 1:02:03', 'Date: 2026-02-03']) {
    expect(text).toContain(fact);
  }
  expect(text).toContain('Transcript: subtitles in the video (en)');
  expect((await pdf.getMetadata()).info).toMatchObject({ Title: 'Algorithms: sorting', Language: 'en' });
  const bytes = (await readFile(path)).toString('latin1');
  expect(bytes).toContain('week &lt;3&gt; &amp; more.mp4');
  expect(bytes).toContain('<pdfuaid:part>1</pdfuaid:part>');
  expect(bytes).toContain('/DisplayDocTitle true');
  expect((await pdf.getMarkInfo())?.Marked).toBe(true);

  const elements = await elementsOf(second);
  expect(elements.filter(({ role }) => role === 'Figure').map(({ alt }) => alt)).toEqual(['Chapter 1']);
  const roles = new Set(elements.map(({ role }) => role));
  expect([...roles].sort()).toEqual(['Document', 'Figure', 'H2', 'Link', 'P', 'Root', 'Sect']);
  expect((await elementsOf(first)).filter(({ role }) => role === 'H1')).toHaveLength(1);
});

it('lays the words of a slide over its picture, unseen', async () => {
  const { pages } = await write();
  const page = pages[1];
  if (!page) throw new Error('a page was expected');
  const { pictures } = await picturesOn(page);
  const word = (await textsOf(page)).find(({ text }) => text.trim() === 'Sorting');
  const [box] = pictures;
  if (!word || !box) throw new Error('a word over a picture was expected');
  const scale = box.width / picture.width;
  expect(word.x).toBeCloseTo(box.x + 120 * scale, 0);
  expect(box.y - word.y).toBeGreaterThan(120 * scale);
  expect(box.y - word.y).toBeLessThan(200 * scale);
  const modes = (await operatorsOf(page)).filter(([name]) => name === 'setTextRenderingMode');
  expect(modes).toEqual([['setTextRenderingMode', [3]]]);
});

it('is honest about a video without slides and without words', async () => {
  const { written, pages } = await write({
    slides: [],
    sourceUrl: null,
    transcript: { source: 'none', language: null, model: null },
  });
  expect(written).toEqual({ pages: 1, slidePages: [] });
  const text = pages[0] ? await wordsOf(pages[0]) : '';
  expect(text).toContain('No slides were found in this video.');
  expect(text).toContain('No transcript');
});

it.each(['portrait', 'slides-only'] as const)(
  'shows the words of a talk without slides, %s',
  async (layout) => {
    const cues = Array.from({ length: 30 }, (_, n) => ({
      range: { start: n * 5, end: n * 5 + 5 },
      text: `word${n}.`,
    }));
    const { pages } = await write({ layout, slides: [], withoutSlide: cues });
    const text = (await Promise.all(pages.slice(1).map(wordsOf))).join(' ');
    expect(text.match(/word\d+\./g)).toEqual(cues.map(({ text }) => text));
    expect(text).toContain('00:00 – 01:00');
  },
);

it('gives plain times where the address is unknown or not one to open', async () => {
  for (const sourceUrl of [null, 'javascript:alert(1)', 'not an address']) {
    const { pages } = await write({ sourceUrl });
    const urls = (await Promise.all(pages.map((page) => page.getAnnotations()))).flat() as { url?: string }[];
    expect(urls.filter(({ url }) => url !== undefined)).toEqual([]);
    expect(pages[1] && (await wordsOf(pages[1]))).toContain('00:00 – 01:00');
  }
});

it('gives the same bytes for the same lecture', async () => {
  const bytes = await readFile((await write()).path);
  expect((await readFile((await write()).path)).equals(bytes)).toBe(true);
});

it('fails when a picture is gone or the job is stopped', async () => {
  const missing = { ...picture, path: join(folder, 'gone.jpg') };
  await expect(write({ slides: [slide(1, { picture: missing })] })).rejects.toThrow('gone.jpg');
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(writeLecturePdf(join(folder, 'stopped.pdf'), lecture(), { signal })).rejects.toThrow(
    'stopped',
  );
});

it('has every word of a full slide, in their order', async () => {
  const words = Array.from({ length: 2_000 }, (_, n) => ({
    text: `w${n}`,
    box: { x: 100 + 40 * (n % 40), y: 100 + 18 * Math.floor(n / 40), w: 36, h: 16 },
    confidence: 90,
  }));
  const { pages } = await write({ slides: [slide(1, { words })] });
  const [, page] = pages;
  const found = (page ? await wordsOf(page) : '').match(/\bw\d+\b/g);
  expect(found).toEqual(words.map(({ text }) => text));
});

/** Where the pictures of a page lie, as the page's own operators say; points from the lower left, `y` of the top. */
async function picturesOn(page: Awaited<ReturnType<typeof pagesOf>>[number] | undefined) {
  if (!page) throw new Error('a page was expected');
  let matrix = [1, 0, 0, 1, 0, 0];
  const saved: number[][] = [];
  const pictures: { x: number; y: number; width: number; height: number }[] = [];
  for (const [name, args] of await operatorsOf(page)) {
    if (name === 'save') saved.push(matrix);
    else if (name === 'restore') matrix = saved.pop() ?? matrix;
    else if (name === 'transform') matrix = multiply(matrix, args as number[]);
    else if (name === 'paintImageXObject') {
      const [a = 0, , , d = 0, e = 0, f = 0] = matrix;
      pictures.push({ x: e, y: Math.max(f, f + d), width: a, height: Math.abs(d) });
    }
  }
  return { pictures, view: page.view };
}

function multiply([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: number[], by: number[]): number[] {
  const [A = 0, B = 0, C = 0, D = 0, E = 0, F = 0] = by;
  return [a * A + c * B, b * A + d * B, a * C + c * D, b * C + d * D, a * E + c * F + e, b * E + d * F + f];
}

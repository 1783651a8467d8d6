import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LectureSlide, writeLecturePdf } from './index.ts';
import { drawSlide } from './testing/drawn-slide.ts';
import { elementsOf, openPdf, operatorsOf, pagesOf } from './testing/read-pdf.ts';

// What can be checked of PDF/UA-1 (ISO 14289) by a machine, through another reader than the writer's own.

let folder: string;
let picture: LectureSlide['picture'];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagging-'));
  picture = await drawSlide(join(folder, 'slide.jpg'), []);
});
afterAll(() => rm(folder, { recursive: true }));

const speech = ['Spoken words. ', 'كلمات منطوقة. ', 'מילים שנאמרו. ', '说过的话。'].map((text) =>
  text.repeat(90),
);

function slide(n: number): LectureSlide {
  const range = { start: n * 60, end: (n + 1) * 60 };
  return {
    ...{ n, title: `Kapitel ${n} פרק`, picture, text: 'Sorting שלום' },
    ranges: [range, { start: 900 + n, end: 901 + n }],
    words: [
      { text: 'Sorting', box: { x: 120, y: 120, w: 290, h: 80 }, confidence: 96 },
      { text: 'שלום', box: { x: 420, y: 120, w: 190, h: 80 }, confidence: 90 },
    ],
    transcript: [{ range, text: speech[n % speech.length] ?? '' }],
  };
}

async function write(layout: 'portrait' | 'landscape' | 'slides-only', sourceUrl: string | null) {
  const path = join(folder, `${layout}.pdf`);
  await writeLecturePdf(path, {
    ...{ filename: 'week 3.mp4', title: 'Algorithms', duration: 960, uploadedAt: new Date(0), sourceUrl },
    ...{ language: 'de', layout, transcript: { source: 'embedded', language: 'de', model: null } },
    slides: [1, 2, 3, 4].map(slide),
    withoutSlide: [{ range: { start: 0, end: 60 }, text: 'Before the first slide.' }],
  });
  const pdf = await openPdf(path);
  return { pdf, pages: await pagesOf(pdf), bytes: await readFile(path, 'latin1') };
}

type Page = Awaited<ReturnType<typeof pagesOf>>[number];

/** What paints: nothing of it may lie outside of what is tagged or said to be an artifact. */
const PAINTS = /^(showText|showSpacedText|paint\w+|stroke|fill|fillStroke|eoFill|constructPath|shadingFill)$/;

/** Numbers of the tagged stretches of a page, in order; with how much is painted outside of any and of any artifact. */
async function marksOf(page: Page): Promise<{ tagged: number[]; bare: string[] }> {
  const open: (string | number)[] = [];
  const tagged: number[] = [];
  const bare: string[] = [];
  for (const [name, args] of await operatorsOf(page)) {
    const [tag, id] = Array.isArray(args) ? (args as [string, number?]) : [''];
    if (name === 'beginMarkedContent') open.push(tag);
    else if (name === 'beginMarkedContentProps') {
      open.push(id ?? tag);
      if (typeof id === 'number') tagged.push(id);
    } else if (name === 'endMarkedContent') open.pop();
    else if (PAINTS.test(name) && !open.some((one) => typeof one === 'number' || one === 'Artifact'))
      bare.push(name);
  }
  expect(open).toEqual([]);
  return { tagged, bare };
}

interface Held {
  type: string;
  id: string;
}

/** What the elements of a page hold: tagged stretches by their numbers, and annotations by their ids. */
async function heldOn(page: Page): Promise<{ marks: number[]; annotations: [id: string, by: string][] }> {
  const marks: number[] = [];
  const annotations: [string, string][] = [];
  for (const { role, children } of await elementsOf(page)) {
    for (const { type, id } of children as unknown as Held[]) {
      if (type === 'content') marks.push(Number(/_mc(\d+)$/.exec(id)?.[1]));
      // It is an object beside the link's own text.
      if (type === 'annotation' || type === 'object')
        annotations.push([id.replace(/^pdfjs_internal_id_/, ''), role]);
    }
  }
  return { marks, annotations };
}

const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

describe.each([
  ['portrait', 'https://example.org/lecture.mp4'],
  ['portrait', null],
  ['landscape', 'https://example.org/lecture.mp4'],
  ['slides-only', 'https://example.org/lecture.mp4'],
] as const)('%s, of %s', (layout, sourceUrl) => {
  it('tags all that it shows, once, or says that it is no content', async () => {
    const { pages } = await write(layout, sourceUrl);
    for (const page of pages) {
      const { tagged, bare } = await marksOf(page);
      expect(bare).toEqual([]);
      expect(tagged).toEqual([...new Set(tagged)]);
      // By way of the ParentTree: what is not in it is not found here.
      expect(ascending((await heldOn(page)).marks)).toEqual(ascending(tagged));
    }
  });

  it('has each link in the tree, with what it leads to', async () => {
    const { pages } = await write(layout, sourceUrl);
    for (const page of pages) {
      const links = (await page.getAnnotations()) as { id: string; contentsObj: { str: string } }[];
      expect((await heldOn(page)).annotations.sort()).toEqual(
        links.map(({ id }) => [id, 'Link'] as const).sort(),
      );
      for (const { contentsObj } of links) expect(contentsObj.str).not.toBe('');
    }
  });

  it('tells each picture in words, and has headings that begin at the first and leave none out', async () => {
    const { pages } = await write(layout, sourceUrl);
    const elements = (await Promise.all(pages.map(elementsOf))).flat();
    const figures = elements.filter(({ role }) => role === 'Figure');
    expect(figures).toHaveLength(2 * 4);
    for (const { alt } of figures) expect(alt).toMatch(/Kapitel \d/);
    const headings = elements.flatMap(({ role }) => (/^H\d$/.test(role) ? [Number(role[1])] : []));
    expect(headings[0]).toBe(1);
    for (const [n, level] of headings.slice(1).entries())
      expect(level).toBeLessThanOrEqual((headings[n] ?? 0) + 1);
  });

  it('says what it is, in which language, and keeps the promise of its metadata', async () => {
    const { pdf, pages, bytes } = await write(layout, sourceUrl);
    const { info, metadata } = await pdf.getMetadata();
    expect(info).toMatchObject({ Title: 'Algorithms', Language: 'de' });
    expect([metadata.get('dc:title'), metadata.get('pdfuaid:part')]).toEqual(['Algorithms', '1']);
    expect(await pdf.getViewerPreferences()).toMatchObject({ DisplayDocTitle: true });
    expect(await pdf.getMarkInfo()).toMatchObject({ Marked: true, Suspects: false });
    // Going from link to link follows the structure.
    expect(bytes.split('/Tabs /S').length - 1).toBe(pages.length);
  });
});

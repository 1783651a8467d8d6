import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { finished } from 'node:stream/promises';
import sharp from 'sharp';
import { Drawing } from './draw.ts';
import { loadFonts } from './fonts.ts';
import { languageTag, LectureDocument } from './lecture-document.ts';
import type { LecturePdf, SpokenText, WrittenPdf } from './lecture-pdf.ts';
import { Typesetter } from './paragraph.ts';
import type { Book } from './paper.ts';
import type { Item, PagePlan } from './plan.ts';
import { printable, printableLine } from './printable.ts';
import { planSlide, planSpeech } from './slide-pages.ts';
import { planSlideAlone } from './slides-only.ts';
import { anchorOf, facts, planTitlePage } from './title-page.ts';

/**
 * Writes the lecture as a tagged PDF. The same lecture gives the same bytes. All pages are planned first, from the
 * texts alone; then each is drawn and written before the next picture is read.
 *
 * @throws what reading a picture or writing the file throws, and the signal's reason
 */
export async function writeLecturePdf(
  outPath: string,
  lecture: LecturePdf,
  options: { signal?: AbortSignal } = {},
): Promise<WrittenPdf> {
  const clean = cleaned(lecture);
  const language = clean.transcript.language ?? clean.language;
  const fonts = await loadFonts(textsOf(clean), language);
  const book: Book = { lecture: clean, set: new Typesetter(fonts), pages: [] };
  planPages(book);
  await draw(outPath, book, options.signal);
  const anchors = book.pages.map((page) => page.anchor?.name);
  return {
    pages: book.pages.length,
    slidePages: clean.slides.map((slide) => anchors.indexOf(anchorOf(slide)) + 1),
  };
}

function planPages(book: Book): void {
  const { layout, slides, withoutSlide = [] } = book.lecture;
  planTitlePage(book);
  const plan = layout === 'slides-only' ? planSlideAlone : planSlide;
  for (const index of slides.keys()) plan(book, index);
  const said = withoutSlide.filter(({ text }) => text.trim() !== '');
  // A video without slides has no pages but these, whatever its layout.
  if (said.length > 0 && (layout !== 'slides-only' || slides.length === 0)) planSpeech(book, said);
}

async function draw(outPath: string, book: Book, signal: AbortSignal | undefined): Promise<void> {
  const doc = new LectureDocument(book.lecture);
  const file = createWriteStream(outPath);
  const written = finished(doc.pipe(file), { ...(signal && { signal }) });
  // It is awaited at the end, or fails together with what is being drawn.
  written.catch(() => undefined);
  try {
    const drawing = new Drawing(doc, book.set);
    for (const [index, page] of book.pages.entries()) {
      signal?.throwIfAborted();
      const pictures = await picturesOf(page, book.lecture);
      drawing.page(page, `Page ${index + 1} of ${book.pages.length}`, book.lecture, pictures);
      while (doc.readableLength > 0 && !file.destroyed) await setImmediate();
    }
    drawing.end();
    doc.end();
    await written;
  } catch (error) {
    file.destroy();
    throw error;
  }
}

/** The JPEGs that a page shows: the slide's own bytes, or a thumbnail of it. */
async function picturesOf(page: PagePlan, lecture: LecturePdf): Promise<Map<Item, Buffer>> {
  const pictures = new Map<Item, Buffer>();
  for (const item of page.items) {
    if (item.kind !== 'picture') continue;
    const path = lecture.slides[item.slide]?.picture.path ?? '';
    pictures.set(item, item.thumbnail ? await thumbnail(path, item.box.width) : await readFile(path));
  }
  return pictures;
}

/** @param width on the page, in points; it gets twice as many pixels */
async function thumbnail(path: string, width: number): Promise<Buffer> {
  return sharp(path)
    .resize({ width: Math.max(1, Math.round(width * 2)) })
    .jpeg({ quality: 72 })
    .toBuffer();
}

function cleaned(lecture: LecturePdf): LecturePdf {
  const spoken = (parts: readonly SpokenText[]) =>
    parts.map(({ range, text }) => ({ range, text: printable(text) }));
  const filename = printableLine(lecture.filename);
  return {
    ...lecture,
    filename,
    title: printableLine(lecture.title) || filename || 'Lecture',
    transcript: {
      ...lecture.transcript,
      language: lecture.transcript.language && languageTag(lecture.transcript.language),
      model: lecture.transcript.model && printableLine(lecture.transcript.model),
    },
    slides: lecture.slides.map((slide) => ({
      ...slide,
      title: printableLine(slide.title) || `Slide ${slide.n}`,
      words: slide.words.map((word) => ({ ...word, text: printableLine(word.text) })),
      transcript: spoken(slide.transcript),
    })),
    withoutSlide: spoken(lecture.withoutSlide ?? []),
  };
}

/** Everything that will be shown, by weight. */
function textsOf(lecture: LecturePdf): { regular: string[]; bold: string[] } {
  const titles = [lecture.title, ...lecture.slides.map(({ title }) => title)];
  const spoken = [...lecture.slides.flatMap(({ transcript }) => transcript), ...(lecture.withoutSlide ?? [])];
  return {
    bold: titles,
    regular: [
      ...titles,
      ...facts(lecture),
      lecture.sourceUrl ?? '',
      ...spoken.map(({ text }) => text),
      ...lecture.slides.flatMap(({ words }) => words.map(({ text }) => text)),
    ],
  };
}

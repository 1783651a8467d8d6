import { clock } from './times.ts';
import { addPage, type Book, columnsOf, pageSize, sourceName } from './paper.ts';
import { contain, type Element, Flow, type Region, styles, textElement, type TextStyle } from './plan.ts';
import type { LecturePdf, LectureSlide } from './lecture-pdf.ts';

/** What the lecture is, and a small picture of each slide that leads to its page. */
export function planTitlePage(book: Book): void {
  const { lecture } = book;
  const flow = new Flow(regions(book));
  const section: Element = { role: 'Sect', parent: null };
  write(book, flow, lecture.title, styles.title, textElement('H1', section, lecture.title));
  flow.gap(8);
  for (const fact of facts(lecture)) write(book, flow, fact, styles.body, textElement('P', section, fact));
  if (lecture.sourceUrl !== null) writeSource(book, flow, lecture.sourceUrl, section);
  flow.gap(16);
  planThumbnails(book, flow, section);
}

function* regions(book: Book): Generator<Region, never> {
  for (;;) yield* columnsOf(addPage(book, pageSize(book.lecture.layout, book.lecture.slides[0]?.picture)));
}

function write(book: Book, flow: Flow, text: string, style: TextStyle, element: Element): void {
  for (const line of book.set.lines(text, style, () => flow.room(style.leading)))
    flow.line(line, style, element);
}

function writeSource(book: Book, flow: Flow, sourceUrl: string, section: Element): void {
  const style = { ...styles.time, size: styles.body.size };
  const element: Element = { role: 'Link', parent: { role: 'P', parent: section } };
  const link = { element, target: { url: sourceUrl }, contents: 'The video' };
  for (const line of book.set.lines(sourceUrl, style, () => flow.room(style.leading))) {
    if (/^https?:/i.test(sourceUrl)) flow.line(line, style, element, link);
    else flow.line(line, styles.body, element.parent);
  }
}

/** Each is a line of its own. */
export function facts(lecture: LecturePdf): string[] {
  const count = lecture.slides.length;
  return [
    ...(lecture.filename === lecture.title ? [] : [`File: ${lecture.filename}`]),
    `Length: ${clock(lecture.duration)}${lecture.cutOff === true ? ', where the file breaks off' : ''}`,
    `Date: ${lecture.uploadedAt.toISOString().slice(0, 10)}`,
    count === 0 ? 'No slides were found in this video.' : `Slides: ${count}`,
    transcriptFact(lecture),
  ];
}

function transcriptFact(lecture: LecturePdf): string {
  const { source, language, model } = lecture.transcript;
  if (source === 'none')
    return 'No transcript: the video has no subtitles, and none were uploaded or recognised.';
  const details = [model, language].filter((detail) => detail !== null).join(', ');
  return `Transcript: ${sourceName(lecture)}${details === '' ? '' : ` (${details})`}`;
}

const GAP = 14;
/** So many times more of them beside one another, and no more. */
const MOST_SHRUNK = 1.5;

/** Fewer than a dozen are shown large, hundreds small. */
function columnCount(slides: number, width: number): number {
  const across = slides <= 12 ? 3 : slides <= 40 ? 4 : 6;
  return Math.max(1, Math.round((across * width) / 515));
}

/** Rows of thumbnails, each as high as its highest. */
interface Rows {
  width: number;
  rows: { slides: LectureSlide[]; height: number }[];
}

function rowsOf(slides: readonly LectureSlide[], columns: number, available: number): Rows {
  const width = (available - GAP * (columns - 1)) / columns;
  const rows = Array.from({ length: Math.ceil(slides.length / columns) }, (_, n) => {
    const row = slides.slice(n * columns, (n + 1) * columns);
    const heights = row.map(({ picture }) =>
      Math.min((picture.height / picture.width) * width, width * 0.75),
    );
    return { slides: row, height: Math.max(...heights) };
  });
  return { width, rows };
}

/** The line under a thumbnail, and what is empty under that. */
const CAPTION = 1.25 * styles.small.leading + GAP;

/** On one page where they are still of use in the size that this takes: the last ones alone on another look forgotten. */
function arrange(slides: readonly LectureSlide[], available: number, room: number): Rows {
  const large = columnCount(slides.length, available);
  for (let columns = large; columns <= large * MOST_SHRUNK; columns++) {
    const arranged = rowsOf(slides, columns, available);
    if (arranged.rows.reduce((sum, { height }) => sum + height + CAPTION, 0) <= room) return arranged;
  }
  return rowsOf(slides, large, available);
}

function planThumbnails(book: Book, flow: Flow, section: Element): void {
  const { slides } = book.lecture;
  const available = flow.room(0);
  const { width, rows } = arrange(slides, available, flow.left());
  for (const { slides: row, height } of rows) {
    const place = flow.take(height + CAPTION);
    row.forEach((slide, index) => {
      const cell = { x: place.x + index * (width + GAP), y: place.y, width, height };
      const element: Element = { role: 'Link', parent: { role: 'P', parent: section } };
      const contents = `Slide ${slide.n}: ${slide.title}`;
      const link = { element, target: { anchor: anchorOf(slide) }, contents };
      const captionStyle = { ...styles.small, size: Math.min(styles.small.size, width / 12) };
      place.page.items.push(
        {
          kind: 'picture',
          element: { role: 'Figure', parent: element, alt: contents },
          slide: slides.indexOf(slide),
          box: contain(slide.picture, cell),
          thumbnail: true,
          link,
        },
        {
          kind: 'text',
          element,
          line: book.set.fit(`${slide.n}. ${slide.title}`, captionStyle, width),
          x: cell.x,
          baseline: cell.y + height + styles.small.leading,
          style: captionStyle,
        },
      );
    });
  }
}

export function anchorOf(slide: LectureSlide): string {
  return `slide-${slide.n}`;
}

import type { TimeRange } from '@mediaworks/contracts';
import { clockRange, fragmentUrl } from './times.ts';
import { addPage, type Book, columnsOf, MARGIN, pageSize } from './paper.ts';
import {
  contain,
  type Element,
  Flow,
  type Link,
  type PagePlan,
  type Region,
  styles,
  textElement,
} from './plan.ts';
import type { LectureSlide, SpokenText } from './lecture-pdf.ts';
import { anchorOf } from './title-page.ts';

/** Plans the page of a slide and those that its text runs on to. */
export function planSlide(book: Book, index: number): void {
  const slide = book.lecture.slides[index];
  if (!slide) return;
  const page = addPage(book, pageSize(book.lecture.layout));
  page.anchor = { name: anchorOf(slide), outline: slide.title };
  const section: Element = { role: 'Sect', parent: null };
  const top = planHeading(book, page, slide, section);
  const spoken = spokenOn(slide);
  const silent = spoken.every(({ text }) => text.trim() === '');
  const plan = book.lecture.layout === 'landscape' && !isWide(slide) ? beside : above;
  const { box, region } = plan(slide, columnsOf(page, 1, top), silent);
  planPicture(page, slide, index, box, section);
  const flow = new Flow(regionsFrom(book, slide, region));
  if (silent) planTimes(book, flow, slide.ranges, section);
  else for (const part of spoken) planSpoken(book, flow, part, section);
}

/** Plans pages of text alone: what was said outside of all slides. */
export function planSpeech(book: Book, speech: readonly SpokenText[]): void {
  const section: Element = { role: 'Sect', parent: null };
  const flow = new Flow(regionsFrom(book, null, null));
  for (const part of byTheMinute(speech)) planSpoken(book, flow, part, section);
}

/** Seconds of talk under one time. */
const STRETCH = 60;

/** Subtitles last seconds; their texts are joined until a minute is full. */
function byTheMinute(speech: readonly SpokenText[]): SpokenText[] {
  const stretches: SpokenText[] = [];
  for (const { range, text } of speech) {
    const last = stretches.at(-1);
    if (last && range.start >= last.range.start && range.end - last.range.start <= STRETCH) {
      last.range = { start: last.range.start, end: Math.max(last.range.end, range.end) };
      last.text += ` ${text}`;
    } else {
      stretches.push({ range, text });
    }
  }
  return stretches;
}

/** What was said, by range; a range in which nothing was is there too, for its time. */
function spokenOn(slide: LectureSlide): SpokenText[] {
  const said = new Set(slide.transcript.map(({ range }) => `${range.start} ${range.end}`));
  const rest = slide.ranges.filter(({ start, end }) => !said.has(`${start} ${end}`));
  return [...slide.transcript, ...rest.map((range) => ({ range, text: '' }))].sort(
    (a, b) => a.range.start - b.range.start,
  );
}

function planHeading(book: Book, page: PagePlan, slide: LectureSlide, section: Element): number {
  const element = textElement('H2', section, slide.title);
  const style = styles.heading;
  const width = page.width - 2 * MARGIN;
  let y = MARGIN;
  for (const line of book.set.lines(slide.title, style, () => width)) {
    const x = line.rightToLeft ? MARGIN + width - line.width : MARGIN;
    page.items.push({ kind: 'text', element, line, x, baseline: y + style.leading * 0.75, style });
    y += style.leading;
  }
  return y + 6;
}

interface Arrangement {
  box: { x: number; y: number; width: number; height: number };
  region: Region;
}

/** The picture over its text; it takes at most 60% of the height where there is text. */
function above(slide: LectureSlide, [room]: Region[], silent: boolean): Arrangement {
  if (!room) throw new Error('a page has a column');
  const height = (room.bottom - room.y) * (silent ? 0.9 : 0.6);
  const box = contain(slide.picture, { ...room, height });
  return { box, region: { ...room, y: box.y + box.height + 10 } };
}

/** The picture at the left with its text at the right; without text it takes the whole page. */
function beside(slide: LectureSlide, [room]: Region[], silent: boolean): Arrangement {
  if (!room || silent) return above(slide, room ? [room] : [], silent);
  const width = room.width * 0.64;
  const fitted = contain(slide.picture, { ...room, width, height: room.bottom - room.y });
  const box = { ...fitted, x: room.x };
  const x = box.x + box.width + 22;
  return { box, region: { ...room, x, width: room.x + room.width - x } };
}

/** So wide that beside it no text has room. */
function isWide({ picture }: LectureSlide): boolean {
  return picture.width / picture.height > 2.2;
}

function planPicture(
  page: PagePlan,
  slide: LectureSlide,
  index: number,
  box: Arrangement['box'],
  section: Element,
): void {
  const figure: Element = { role: 'Figure', parent: section, alt: slide.title };
  page.items.push({ kind: 'picture', element: figure, slide: index, box, thumbnail: false });
  if (slide.words.length > 0) {
    page.items.push({ kind: 'words', element: { role: 'P', parent: section }, slide: index, box });
  }
}

/** First the room on the slide's own page, then whole pages: two columns of text on a wide one. */
function* regionsFrom(
  book: Book,
  slide: LectureSlide | null,
  first: Region | null,
): Generator<Region, never> {
  if (first) yield first;
  for (;;) {
    const page = addPage(book, pageSize(book.lecture.layout));
    let top = MARGIN;
    if (slide) {
      const style = styles.small;
      const line = book.set.fit(`${slide.title} (continued)`, style, page.width - 2 * MARGIN);
      page.items.push({ kind: 'text', element: null, line, x: MARGIN, baseline: MARGIN, style });
      top += 12;
    }
    yield* columnsOf(page, book.lecture.layout === 'landscape' ? 2 : 1, top);
  }
}

function planSpoken(book: Book, flow: Flow, part: SpokenText, section: Element): void {
  const { body } = styles;
  flow.gap(4);
  flow.room(styles.time.leading + body.leading);
  planTimes(book, flow, [part.range], section);
  const { language } = book.lecture.transcript;
  for (const paragraph of part.text.split('\n')) {
    const element = textElement('P', section, paragraph, language);
    for (const line of book.set.lines(paragraph, body, () => flow.room(body.leading))) {
      flow.line(line, body, element);
    }
  }
}

/** Each range on a line of its own, a link where the video's address is known. */
function planTimes(book: Book, flow: Flow, ranges: readonly TimeRange[], section: Element): void {
  for (const range of ranges) {
    const { link, style } = timeLink(book, range, section);
    flow.room(style.leading);
    const line = book.set.line(clockRange(range), style);
    flow.line(line, style, link?.element ?? { role: 'P', parent: section }, link);
  }
}

export function timeLink(
  book: Book,
  range: TimeRange,
  section: Element,
): { link?: Link; style: typeof styles.time | typeof styles.plainTime } {
  const url = fragmentUrl(book.lecture.sourceUrl, range);
  if (url === null) return { style: styles.plainTime };
  const element: Element = { role: 'Link', parent: { role: 'P', parent: section } };
  return {
    link: { element, target: { url }, contents: `The video at ${clockRange(range)}` },
    style: styles.time,
  };
}

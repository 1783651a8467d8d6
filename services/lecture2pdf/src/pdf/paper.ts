import type { LectureLayout } from '@mediaworks/contracts';
import type { LecturePdf } from './lecture-pdf.ts';
import type { Typesetter } from './paragraph.ts';
import { type PagePlan, type Region, styles } from './plan.ts';

/** The pages of a document as they are planned, and the measures of its paper. All in points. */
export interface Book {
  lecture: LecturePdf;
  set: Typesetter;
  pages: PagePlan[];
}

const A4 = { width: 595.28, height: 841.89 };
/** The long side of a page that is a picture. */
const SLIDE_SIDE = 720;
/** A page narrower than this has no room for its own number. */
const SLIDE_MIN_SIDE = 150;
export const MARGIN = 40;
const FOOTER = 34;

export interface PageSize {
  width: number;
  height: number;
}

/** @returns A4, upright or not; for slides only, the size of a page for such a picture, without the strip under it */
export function pageSize(layout: LectureLayout, picture?: PageSize): PageSize {
  if (layout === 'portrait') return A4;
  if (layout === 'landscape') return { width: A4.height, height: A4.width };
  const shape = picture ?? { width: 16, height: 9 };
  const scale = SLIDE_SIDE / Math.max(shape.width, shape.height);
  return {
    width: Math.max(SLIDE_MIN_SIDE, shape.width * scale),
    height: Math.max(SLIDE_MIN_SIDE, shape.height * scale),
  };
}

export function addPage(book: Book, size: PageSize): PagePlan {
  const page: PagePlan = {
    ...size,
    items: [],
    footer: {
      left: MARGIN,
      right: size.width - MARGIN,
      baseline: size.height - 20,
      text: book.set.fit(runningTitle(book.lecture), styles.small, size.width - 2 * MARGIN - 90),
    },
  };
  book.pages.push(page);
  return page;
}

/** The room inside the margins of a page, in `columns` columns. */
export function columnsOf(page: PagePlan, columns = 1, top = MARGIN): Region[] {
  const gap = 24;
  const width = (page.width - 2 * MARGIN - gap * (columns - 1)) / columns;
  return Array.from({ length: columns }, (_, index) => ({
    page,
    x: MARGIN + index * (width + gap),
    y: top,
    width,
    bottom: page.height - FOOTER,
  }));
}

const SOURCE_NAMES = {
  uploaded: 'uploaded subtitles',
  embedded: 'subtitles in the video',
  recognised: 'speech recognition',
  none: 'none',
};

/** Where the words come from, as it is told on the pages. */
export function sourceName(lecture: LecturePdf): string {
  return SOURCE_NAMES[lecture.transcript.source];
}

function runningTitle(lecture: LecturePdf): string {
  const { source } = lecture.transcript;
  return source === 'none' ? lecture.title : `${lecture.title} · transcript: ${sourceName(lecture)}`;
}

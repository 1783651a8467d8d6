import { clockRange } from './times.ts';
import { addPage, type Book, pageSize } from './paper.ts';
import { contain, type Element, styles } from './plan.ts';
import { timeLink } from './slide-pages.ts';
import { anchorOf } from './title-page.ts';

const STRIP = 18;
const EDGE = 8;

/** Plans a page that is the picture, with its times and the page's number in a narrow strip beneath it. */
export function planSlideAlone(book: Book, index: number): void {
  const slide = book.lecture.slides[index];
  if (!slide) return;
  const size = pageSize('slides-only', slide.picture);
  const section: Element = { role: 'Sect', parent: null };
  const room = size.width - 2 * EDGE - 70;
  const rows = timeRows(book, index, room, section);
  const page = addPage(book, {
    width: size.width,
    height: size.height + STRIP + (rows.length - 1) * styles.time.leading,
  });
  page.anchor = { name: anchorOf(slide), outline: slide.title };
  page.footer = {
    left: EDGE,
    right: size.width - EDGE,
    baseline: size.height + 12,
    text: book.set.line('', styles.small),
  };
  const box = contain(slide.picture, { x: 0, y: 0, ...size });
  const figure: Element = { role: 'Figure', parent: section, alt: slide.title };
  page.items.push({ kind: 'picture', element: figure, slide: index, box, thumbnail: false });
  if (slide.words.length > 0) {
    page.items.push({ kind: 'words', element: { role: 'P', parent: section }, slide: index, box });
  }
  rows.forEach((row, number) => {
    const baseline = size.height + 12 + number * styles.time.leading;
    for (const { x, line, style, link } of row) {
      page.items.push({
        kind: 'text',
        element: link?.element ?? { role: 'P', parent: section },
        line,
        x,
        baseline,
        style,
        ...(link && { link }),
      });
    }
  });
}

type Placed = ReturnType<typeof timeLink> & { x: number; line: ReturnType<Book['set']['line']> };

/** The slide's times, as many beside one another as there is room for. */
function timeRows(book: Book, index: number, room: number, section: Element): Placed[][] {
  const rows: Placed[][] = [[]];
  let x = EDGE;
  for (const range of book.lecture.slides[index]?.ranges ?? []) {
    const time = timeLink(book, range, section);
    const line = book.set.line(clockRange(range), time.style);
    if (x > EDGE && x + line.width > EDGE + room) {
      rows.push([]);
      x = EDGE;
    }
    rows.at(-1)?.push({ ...time, x, line });
    x += line.width + 12;
  }
  return rows;
}

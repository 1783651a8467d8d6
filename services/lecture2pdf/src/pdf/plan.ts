import { directionOf } from './bidi.ts';
import type { Line, Style } from './paragraph.ts';

/** A node of the structure tree: what an assistive technology reads. Its root is the document itself. */
export interface Element {
  role: 'Sect' | 'H1' | 'H2' | 'P' | 'Link' | 'Figure';
  parent: Element | null;
  /** What is told instead of a picture. */
  alt?: string;
  /** BCP 47, where it is not the document's. */
  lang?: string;
  /** The text in the order of reading, where the page has it from right to left. */
  actual?: string;
}

/** A node for a text. */
export function textElement(
  role: 'H1' | 'H2' | 'P',
  parent: Element,
  text: string,
  lang: string | null = null,
): Element {
  const { levels } = directionOf(text);
  return { role, parent, ...(lang !== null && { lang }), ...(levels && { actual: text }) };
}

export type LinkTarget = { url: string } | { anchor: string };

export interface TextStyle extends Style {
  /** Points from one baseline to the next. */
  leading: number;
  color: string;
}

/** All in points, from the upper left corner of the page. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Item =
  | {
      kind: 'text';
      element: Element | null;
      line: Line;
      x: number;
      baseline: number;
      style: TextStyle;
      link?: Link;
    }
  | { kind: 'picture'; element: Element; slide: number; box: Box; thumbnail: boolean; link?: Link }
  /** The words of a slide, unseen, over its picture. */
  | { kind: 'words'; element: Element; slide: number; box: Box };

export interface Link {
  /** Of role Link. */
  element: Element;
  target: LinkTarget;
  /** What is told of it. */
  contents: string;
}

export interface PagePlan {
  width: number;
  height: number;
  items: Item[];
  /** A place that links and the outline lead to. */
  anchor?: { name: string; outline: string | null };
  /** Where `Page n of m` ends (right) and the running title begins (left), on one baseline. */
  footer: { left: number; right: number; baseline: number; text: Line };
}

const color = { text: '#1a1a1a', faint: '#5f6368', link: '#0b57d0' };
export const styles = {
  title: { weight: 'bold', size: 20, leading: 26, color: color.text },
  heading: { weight: 'bold', size: 12.5, leading: 17, color: color.text },
  body: { weight: 'regular', size: 10.5, leading: 15.5, color: color.text },
  time: { weight: 'regular', size: 9.5, leading: 14, color: color.link },
  plainTime: { weight: 'regular', size: 9.5, leading: 14, color: color.faint },
  small: { weight: 'regular', size: 8, leading: 11, color: color.faint },
} as const satisfies Record<string, TextStyle>;

/** Where text may go: from `y` down to `bottom`. */
export interface Region {
  page: PagePlan;
  x: number;
  y: number;
  width: number;
  bottom: number;
}

/** Puts lines under one another, through one region after the other. */
export class Flow {
  readonly #regions: Iterator<Region>;
  #region: Region;
  #top: number;

  /** @param regions without end; from the second on each takes at least a line */
  constructor(regions: Iterator<Region>) {
    this.#regions = regions;
    [this.#region, this.#top] = this.#next();
  }

  /** Width of a line of that height, in points; moves on where it has no room. */
  room(height: number): number {
    if (this.#region.y + height > this.#region.bottom) [this.#region, this.#top] = this.#next();
    return this.#region.width;
  }

  /** Height that is left where the next line goes. */
  left(): number {
    return this.#region.bottom - this.#region.y;
  }

  line(line: Line, style: TextStyle, element: Element | null, link?: Link): void {
    const { page, x, width, y } = this.#region;
    page.items.push({
      kind: 'text',
      element,
      line,
      x: line.rightToLeft ? x + width - line.width : x,
      baseline: y + style.leading * 0.75,
      style,
      ...(link && { link }),
    });
    this.#region.y += style.leading;
  }

  /** Empty space, except at the top of a region. */
  gap(height: number): void {
    if (this.#region.y > this.#top) this.#region.y += height;
  }

  /** Takes a box of that height out of the region and returns where it lies. */
  take(height: number): { page: PagePlan; x: number; y: number; width: number } {
    this.room(height);
    const { page, x, y, width } = this.#region;
    this.#region.y += height;
    return { page, x, y, width };
  }

  #next(): [Region, number] {
    const next = this.#regions.next();
    if (next.done) throw new Error('no room is left for the text');
    return [{ ...next.value }, next.value.y];
  }
}

/** The largest box of the picture's shape inside another, in its middle at its top. */
export function contain(picture: { width: number; height: number }, into: Box): Box {
  const scale = Math.min(into.width / picture.width, into.height / picture.height);
  const width = picture.width * scale;
  return { x: into.x + (into.width - width) / 2, y: into.y, width, height: picture.height * scale };
}

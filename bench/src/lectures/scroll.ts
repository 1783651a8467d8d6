import type { Slide } from './deck.ts';
import { escapeXml, rect, text } from './layout.ts';
import { makeContent } from './content.ts';
import { blank, paste, renderSvg, type Box, type Picture } from './picture.ts';
import { inset } from './place.ts';
import type { Random } from './random.ts';
import type { SetName } from './sets.ts';
import { even } from './transitions.ts';

/** A document in a window: each place at which its reader rests is a page. */
export interface Scrolled {
  readonly slides: readonly Slide[];
  /** The window, and how far each place is below the one before it. */
  readonly pane: Box;
  readonly by: readonly number[];
}

const LINE = 46;

/** Shares of the window that are scrolled between two rests. */
const STEPS = [0.35, 0.95] as const;

export async function scrolledDocument(
  count: number,
  { width, height, set }: { width: number; height: number; set: SetName },
  random: Random,
): Promise<Scrolled> {
  const whole: Box = { x: 0, y: 0, w: width, h: height };
  const pane = inset(whole, random.pick([1, 0.8]), 0.86, 1, 0.8);
  const by = Array.from({ length: count }, (_, n) => (n === 0 ? 0 : even(pane.h * random.between(...STEPS))));
  const tops = by.map((_, n) => by.slice(0, n + 1).reduce((sum, step) => sum + step, 0));
  const paper = await paperOf(pane.w, even(pane.h + (tops.at(-1) ?? 0)), set, random);
  const desktop = await desktopOf(width, height, random);
  const slides = tops.map((top, n) => {
    const picture: Picture = { ...desktop, data: desktop.data.slice() };
    paste(paper, { x: 0, y: top, w: pane.w, h: pane.h }, picture, pane.x, pane.y);
    return { id: `s${String(n + 1).padStart(2, '0')}`, steps: [picture] };
  });
  return { slides, pane, by };
}

/** Paragraphs, headings and listings, one below the other. */
async function paperOf(w: number, h: number, set: SetName, random: Random): Promise<Picture> {
  const unit = w / 1200;
  const isCode = random.chance(0.4);
  const [paper, ink, font] = isCode
    ? ['#1e2127', '#c8d3e6', 'DejaVu Sans Mono, Courier, monospace']
    : ['#ffffff', '#22252b', random.pick(['Liberation Serif, serif', 'DejaVu Sans, sans-serif'])];
  const rows = Math.ceil(h / (LINE * unit));
  const lines = Array.from({ length: rows }, (_, row) => {
    const { title, lines: phrases, numbers } = makeContent(set, random);
    const y = (row + 0.8) * LINE;
    if (random.chance(0.12)) return '';
    if (random.chance(0.12)) return text(title, 60, y, { size: 34, fill: ink, font, bold: true });
    const words = `${phrases.slice(0, 2).join(', ')} ${numbers[0]}`;
    const indent = isCode ? 60 + 40 * random.whole(0, 3) : 60;
    return text(words.slice(0, 62), indent, y, { size: 25, fill: ink, font });
  });
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 1200 ${h / unit}">` +
    `${rect(0, 0, 1200, h / unit, paper)}${lines.join('')}</svg>`;
  return renderSvg(svg, w, h);
}

/** What surrounds the window: its frame, tools and files. */
async function desktopOf(width: number, height: number, random: Random): Promise<Picture> {
  const dark = random.chance(0.5);
  const [ground, ink] = dark ? ['#2b2f38', '#9aa4b5'] : ['#e3e6eb', '#49505c'];
  const names = Array.from({ length: 12 }, (_, n) =>
    text(escapeXml(`chapter-${random.whole(1, 99)}.md`), 14, 130 + n * 44, {
      size: 20,
      fill: ink,
      font: 'sans-serif',
    }),
  );
  const h = (1200 * height) / width;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 1200 ${h}">` +
    `${rect(0, 0, 1200, h, ground)}${text('File  Edit  View  Go  Help', 20, 34, { size: 22, fill: ink, font: 'sans-serif' })}` +
    `${names.join('')}</svg>`;
  const picture = await renderSvg(svg, width, height);
  return picture.width === width ? picture : blank(width, height);
}

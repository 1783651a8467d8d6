import type { Content, Shown } from './content.ts';
import type { Theme } from './themes.ts';

/** The slide in units of which a landscape's longer side has 1600. */
export interface Stage {
  readonly w: number;
  readonly h: number;
}

/** How contents become SVG. */
export interface Layout {
  /** What of the contents can be read on it, the title apart. */
  readonly shows: readonly Shown[];
  /** The steps of a build, each laid over those before it; the first is there from the beginning. */
  readonly parts: (content: Content, theme: Theme, stage: Stage) => string[];
}

export interface TextStyle {
  readonly size: number;
  readonly fill: string;
  readonly font: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
}

/** One line of text with its baseline at `y`. */
export function text(words: string, x: number, y: number, style: TextStyle): string {
  const { size, fill, font, anchor = 'start', bold = false } = style;
  const weight = bold ? ' font-weight="bold"' : '';
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" font-family="${font}" text-anchor="${anchor}"${weight}>${escapeXml(words)}</text>`;
}

export const rect = (x: number, y: number, w: number, h: number, fill: string, more = '') =>
  `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${fill}" ${more}/>`;

export const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, width = 3) =>
  `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}" stroke-width="${width}"/>`;

export const accent = (theme: Theme, i: number) => theme.accents[i % theme.accents.length] ?? theme.text;

/** The size at which a text of that many letters fits into a width, at most `size`. */
export const fit = (words: string, width: number, size: number) =>
  Math.min(size, width / (words.length * 0.6));

/** What of a line goes where there is little room. */
export const short = (words: string) => words.split(' ').slice(0, 3).join(' ');

/** A title at the top, as wide as the slide allows. */
export function titleAtTop(content: Content, theme: Theme, { w }: Stage, size = 68): string {
  const fitted = fit(content.title, w * 0.84, size);
  return text(content.title, w * 0.07, 110, {
    size: fitted,
    fill: theme.title,
    font: theme.titleFont,
    bold: true,
  });
}

export const escapeXml = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** The slide with those parts of its build. */
export function slideSvg(parts: readonly string[], theme: Theme, stage: Stage): string {
  const { w, h } = stage;
  const [top, bottom = top] = theme.background;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">`,
    `<defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs>`,
    rect(0, 0, w, h, 'url(#g)'),
    ornament(theme, stage),
    ...parts,
    '</svg>',
  ].join('');
}

function ornament(theme: Theme, { w, h }: Stage): string {
  const colour = accent(theme, 1);
  switch (theme.ornament) {
    case 'none':
      return '';
    case 'bar':
      return rect(0, 0, w, 22, colour) + line(w * 0.07, 140, w * 0.93, 140, colour, 4);
    case 'side':
      return rect(0, 0, 36, h, colour);
    case 'footer':
      return rect(0, h - 46, w, 46, colour);
    case 'frame':
      return `<rect x="14" y="14" width="${w - 28}" height="${h - 28}" fill="none" stroke="${colour}" stroke-width="6"/>`;
    case 'circles':
      return `<g fill="${colour}" opacity="0.2"><circle cx="${w}" cy="0" r="260"/><circle cx="${w - 120}" cy="${h}" r="180"/></g>`;
    case 'diagonal':
      return `<path d="M0 ${h} L${w * 0.3} ${h} L0 ${h * 0.75} Z" fill="${colour}" opacity="0.5"/>`;
  }
}

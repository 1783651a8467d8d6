import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { openSync } from 'fontkit';
import sharp from 'sharp';

const require = createRequire(import.meta.url);

export interface DrawnLine {
  text: string;
  /** Of the line's beginning, on its baseline, in pixels. */
  x: number;
  y: number;
  /** Pixels. */
  size: number;
}

/** A JPEG of a slide with those lines, drawn from outlines: no font needs to be installed. */
export async function drawSlide(
  path: string,
  lines: readonly DrawnLine[],
  { width = 1920, height = 1080, paper = '#fdfdfa', ink = '#182030' } = {},
): Promise<{ path: string; width: number; height: number }> {
  const file = join(dirname(require.resolve('@embedpdf/fonts-latin')), '../fonts/NotoSans-Regular.ttf');
  const font = openSync(file);
  if (!('layout' in font)) throw new Error('a font was expected');
  const outlines = lines.flatMap(({ text, x, y, size }) => {
    const scale = size / font.unitsPerEm;
    const { glyphs, positions } = font.layout(text);
    let left = x;
    return glyphs.map((glyph, index) => {
      const at = left;
      left += (positions[index]?.xAdvance ?? 0) * scale;
      return `<path transform="translate(${at} ${y}) scale(${scale} ${-scale})" d="${glyph.path.toSVG()}"/>`;
    });
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${paper}"/><g fill="${ink}">${outlines.join('')}</g></svg>`;
  await sharp(Buffer.from(svg)).jpeg({ quality: 82 }).toFile(path);
  return { path, width, height };
}

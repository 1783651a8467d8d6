import { letterOutlines, withSvg } from '@mediaworks/media/fixtures';
import sharp from 'sharp';

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
  const outlines = lines.map(({ text, x, y, size }) => letterOutlines(text, x, y, size));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${paper}"/><g fill="${ink}">${outlines.join('')}</g></svg>`;
  await withSvg(() => sharp(Buffer.from(svg)).jpeg({ quality: 82 }).toFile(path));
  return { path, width, height };
}

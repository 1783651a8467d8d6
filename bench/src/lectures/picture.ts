import { withSvg } from '@mediaworks/media/fixtures';
import sharp from 'sharp';

/** A frame as encoders take it: 4:2:0 planes one after the other, BT.709, limited range. Both sides are even. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Luma (16 to 235) and the two chroma values (128 is none). */
export type Colour = readonly [y: number, u: number, v: number];

/** Whole pixels; chroma follows at half of it. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export const black: Colour = [16, 128, 128];

export function blank(width: number, height: number, [y, u, v]: Colour = black): Picture {
  const luma = width * height;
  const data = new Uint8Array(luma * 1.5);
  data
    .fill(y, 0, luma)
    .fill(u, luma, luma * 1.25)
    .fill(v, luma * 1.25);
  return { width, height, data };
}

export const copyOf = (picture: Picture): Picture => ({ ...picture, data: picture.data.slice() });

export function colourOf(red: number, green: number, blue: number): Colour {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return [
    16 + (luma * 219) / 255,
    128 + ((blue - luma) / 1.8556) * (224 / 255),
    128 + ((red - luma) / 1.5748) * (224 / 255),
  ];
}

/** Renders an SVG to the size; both sides even. */
export async function renderSvg(svg: string, width: number, height: number): Promise<Picture> {
  const rgb = await withSvg(() =>
    sharp(Buffer.from(svg))
      .resize(width, height, { fit: 'fill' })
      .flatten()
      .toColourspace('srgb')
      .raw()
      .toBuffer(),
  );
  return fromRgb(rgb, width, height);
}

function fromRgb(rgb: Uint8Array, width: number, height: number): Picture {
  const picture = blank(width, height);
  const { data } = picture;
  const luma = width * height;
  const [u0, v0, half] = [luma, luma * 1.25, width / 2];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [r, g, b] = [rgb[i * 3] ?? 0, rgb[i * 3 + 1] ?? 0, rgb[i * 3 + 2] ?? 0];
      const gray = 0.2126 * r + 0.7152 * g + 0.0722 * b;
      data[i] = 16.5 + gray * 0.85882;
      if ((x | y) & 1) continue;
      const chroma = (y >> 1) * half + (x >> 1);
      data[u0 + chroma] = 128.5 + (b - gray) * 0.4734;
      data[v0 + chroma] = 128.5 + (r - gray) * 0.5578;
    }
  }
  return picture;
}

export async function writePng(picture: Picture, path: string): Promise<void> {
  const { width, height, data } = picture;
  const luma = width * height;
  const rgb = new Uint8ClampedArray(luma * 3);
  for (let i = 0; i < luma; i++) {
    const chroma = ((i / width) >> 1) * (width / 2) + ((i % width) >> 1);
    const gray = ((data[i] ?? 0) - 16) / 0.85882;
    const blue = gray + ((data[luma + chroma] ?? 0) - 128) / 0.4734;
    const red = gray + ((data[luma * 1.25 + chroma] ?? 0) - 128) / 0.5578;
    rgb[i * 3] = red;
    rgb[i * 3 + 1] = (gray - 0.2126 * red - 0.0722 * blue) / 0.7152;
    rgb[i * 3 + 2] = blue;
  }
  await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toFile(path);
}

/** `share` of 0 is `from`, of 1 is `to`. */
export function mix(from: Picture, to: Picture, share: number, into: Picture): void {
  const weight = Math.round(share * 256);
  const [a, b, out] = [from.data, to.data, into.data];
  for (let i = 0; i < out.length; i++) {
    const low = a[i] ?? 0;
    out[i] = low + ((((b[i] ?? 0) - low) * weight) >> 8);
  }
}

/** Copies the part of `from` in `box` so that it lies at `x`, `y` of `into`; all of it even, parts beyond the edges are left out. */
export function paste(from: Picture, box: Box, into: Picture, x: number, y: number): void {
  for (const plane of [0, 1, 2]) {
    const [source, target] = [planeOf(from, plane), planeOf(into, plane)];
    const by = plane === 0 ? 1 : 2;
    const left = Math.max(0, -x / by);
    const w = Math.min(box.w / by, target.width - x / by, source.width - box.x / by);
    for (let row = 0; row < box.h / by; row++) {
      const [fromRow, toRow] = [box.y / by + row, y / by + row];
      if (toRow < 0 || toRow >= target.height || fromRow >= source.height || w <= left) continue;
      const start = source.at + fromRow * source.width + box.x / by;
      into.data.set(
        from.data.subarray(start + left, start + w),
        target.at + toRow * target.width + x / by + left,
      );
    }
  }
}

function planeOf({ width, height }: Picture, plane: number): { at: number; width: number; height: number } {
  const luma = width * height;
  if (plane === 0) return { at: 0, width, height };
  return { at: plane === 1 ? luma : luma * 1.25, width: width / 2, height: height / 2 };
}

/** Sets one pixel of luma, and of chroma under it, `strength` (0 to 1) of the way to the colour. */
export function dot(picture: Picture, x: number, y: number, colour: Colour, strength = 1): void {
  const { width, height, data } = picture;
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const luma = width * height;
  const chroma = (y >> 1) * (width >> 1) + (x >> 1);
  const blend = (at: number, value: number) => {
    const old = data[at] ?? 0;
    data[at] = old + (value - old) * strength;
  };
  blend(y * width + x, colour[0]);
  if ((x | y) & 1) return;
  blend(luma + chroma, colour[1]);
  blend(luma * 1.25 + chroma, colour[2]);
}

export function disc(
  picture: Picture,
  x: number,
  y: number,
  radius: number,
  colour: Colour,
  strength = 1,
): void {
  for (let row = Math.floor(y - radius); row <= y + radius; row++) {
    for (let column = Math.floor(x - radius); column <= x + radius; column++) {
      if ((row - y) ** 2 + (column - x) ** 2 <= radius * radius) dot(picture, column, row, colour, strength);
    }
  }
}

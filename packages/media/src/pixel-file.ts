import type { Readable } from 'node:stream';
import type { PixelSize } from './image-sizes.ts';

export interface PixelFormat extends PixelSize {
  /** RGB, or RGB and alpha that is not multiplied in; 8 bits each. */
  readonly channels: 3 | 4;
  /** The colour profile that the pixels are in; sRGB without one. */
  readonly icc?: Buffer | undefined;
}

export interface PixelFile {
  /** A whole uncompressed TIFF. */
  readonly file: Buffer;
  /** The part of it that holds the pixels, row by row from the top, to be filled. */
  readonly pixels: Buffer;
}

const ROWS_PER_STRIP = 64;
const SHORT = 3;
const LONG = 4;
const UNDEFINED = 7;

/**
 * Room for pixels that were decoded elsewhere, as a TIFF around them: sharp takes bare pixels too, but no colour
 * profile with them. Layout and tag numbers: TIFF 6.0, sections 2 and 8; ICC.1 annex B.4.
 */
export function pixelFile(format: PixelFormat): PixelFile {
  const { width, height, channels, icc } = format;
  const rowBytes = width * channels;
  const strips = Math.ceil(height / ROWS_PER_STRIP);
  const entries = 10 + (channels === 4 ? 1 : 0) + (icc ? 1 : 0);
  const bitsAt = 8 + 2 + entries * 12 + 4;
  const offsetsAt = bitsAt + 8;
  const countsAt = offsetsAt + strips * 4;
  const iccAt = countsAt + strips * 4;
  const pixelsAt = iccAt + (icc?.length ?? 0);
  const file = Buffer.alloc(pixelsAt + rowBytes * height);
  const pixels = file.subarray(pixelsAt);

  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(entries, 8);
  let at = 10;
  const entry = (tag: number, type: number, count: number, value: number) => {
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
    at += 12;
  };
  const firstOf = (list: number) => (strips === 1 ? file.readUInt32LE(list) : list);
  for (let channel = 0; channel < channels; channel++) file.writeUInt16LE(8, bitsAt + channel * 2);
  for (let strip = 0; strip < strips; strip++) {
    const start = strip * ROWS_PER_STRIP;
    file.writeUInt32LE(pixelsAt + start * rowBytes, offsetsAt + strip * 4);
    file.writeUInt32LE(Math.min(ROWS_PER_STRIP, height - start) * rowBytes, countsAt + strip * 4);
  }
  icc?.copy(file, iccAt);

  entry(256, LONG, 1, width);
  entry(257, LONG, 1, height);
  entry(258, SHORT, channels, bitsAt);
  entry(259, SHORT, 1, 1); // not compressed
  entry(262, SHORT, 1, 2); // RGB
  entry(273, LONG, strips, firstOf(offsetsAt));
  entry(277, SHORT, 1, channels);
  entry(278, LONG, 1, ROWS_PER_STRIP);
  entry(279, LONG, strips, firstOf(countsAt));
  entry(284, SHORT, 1, 1); // channels side by side
  if (channels === 4) entry(338, SHORT, 1, 2); // alpha, not multiplied in
  if (icc) entry(34675, UNDEFINED, icc.length, iccAt);
  return { file, pixels };
}

/**
 * Fills `target` from a stream.
 * @returns the bytes that came; fewer than `target` holds when the stream ended early.
 * @throws Error when more come than `target` holds.
 */
export async function fillFrom(stream: Readable, target: Buffer): Promise<number> {
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (filled + chunk.length > target.length) throw new Error('More pixels came than the header promised');
    chunk.copy(target, filled);
    filled += chunk.length;
  }
  return filled;
}

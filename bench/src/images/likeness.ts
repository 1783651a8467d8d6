import { stat } from 'node:fs/promises';
import sharp from 'sharp';

export interface Likeness {
  /** Pixels of both, `1080×810`; both written out where they differ. */
  size: string;
  sameSize: boolean;
  /** Peak signal-to-noise ratio in dB over all channels; Infinity where every pixel is the same. */
  psnr: number;
  /** Bytes of the first per byte of the second. */
  bytes: number;
}

/** How much two pictures are the same. */
export async function compare(first: string, second: string): Promise<Likeness> {
  const [one, other] = await Promise.all([pixelsOf(first), pixelsOf(second)]);
  const sameSize = one.size === other.size;
  const bytes = (await stat(first)).size / (await stat(second)).size;
  return {
    ...{ sameSize, bytes },
    size: sameSize ? one.size : `${one.size} against ${other.size}`,
    psnr: sameSize ? psnrOf(one.data, other.data) : NaN,
  };
}

async function pixelsOf(path: string): Promise<{ data: Buffer; size: string }> {
  const { data, info } = await sharp(path)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, size: `${info.width}×${info.height}` };
}

function psnrOf(one: Buffer, other: Buffer): number {
  let squares = 0;
  for (let i = 0; i < one.length; i++) squares += ((one[i] ?? 0) - (other[i] ?? 0)) ** 2;
  return 10 * Math.log10((255 * 255 * one.length) / squares);
}

import type { Sharp } from 'sharp';
import { imageLimits, type ImageLimits } from './image-limits.ts';
import { openSniffed, pipelineOver, sniffImage } from './image-open.ts';
import { runOnUpload } from './image-pixels.ts';
import type { PixelSize } from './image-sizes.ts';
import { type Upload, withUpload } from './upload.ts';

/** A picture's pixels: sRGB, three bytes each, row by row from the top, upright. */
export interface DecodedImage extends PixelSize {
  readonly data: Buffer;
}

export interface DecodeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<ImageLimits> | undefined;
}

/**
 * Decodes a picture at its full size, whatever its format, depth, colours and orientation. Of an animation and of a
 * file with pages the first is taken; what is transparent lies on white.
 * @param input path of a local file.
 * @throws PermanentError `empty_media`, `unsupported_media`, `corrupt_media` (also where only the end is missing),
 * `too_many_pixels`, `took_too_long`; TransientError; or the signal's reason.
 */
export async function decodeImage(input: string, options: DecodeOptions = {}): Promise<DecodedImage> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { data, info } = await withUpload(input, signal, async (upload) => {
    const pipeline = await openFirst(upload, imageLimits(options.limits), signal);
    return runOnUpload(pipeline.toColourspace('srgb').raw({ depth: 'uchar' }), signal);
  });
  return {
    data: info.channels === 3 ? data : threeChannels(data, info.channels),
    width: info.width,
    height: info.height,
  };
}

/**
 * The first frame, upright and without alpha, to be decoded. A JPEG, as most photos are, says nothing in its header that
 * has to be known before: it has one frame, no alpha, and the pipeline counts its pixels by itself.
 */
async function openFirst(
  upload: Upload,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<Sharp> {
  const sniffed = await sniffImage(upload);
  if (sniffed.ext === 'jpg') return pipelineOver(upload.content, limits).autoOrient();
  const image = await openSniffed(upload, sniffed, limits, signal);
  const first = image.orientation === 1 ? image.first() : image.first().autoOrient();
  return image.hasAlpha ? first.flatten({ background: '#ffffff' }) : first;
}

/** Grey told three times; a fourth channel left out. */
function threeChannels(data: Buffer, channels: number): Buffer {
  const pixels = data.length / channels;
  const out = Buffer.allocUnsafe(pixels * 3);
  const [green, blue] = channels >= 3 ? [1, 2] : [0, 0];
  for (let pixel = 0, from = 0, to = 0; pixel < pixels; pixel++, from += channels) {
    out[to++] = data[from] ?? 0;
    out[to++] = data[from + green] ?? 0;
    out[to++] = data[from + blue] ?? 0;
  }
  return out;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputInfo, Sharp } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { explainImageFailure } from './image-errors.ts';
import { imageLimits, type ImageLimits } from './image-limits.ts';
import { openImage, type OpenImage } from './image-open.ts';
import {
  fitWithin,
  LARGE_SIDE,
  MEDIUM_SIDE,
  SMALL_SIDE,
  thumbnailSide,
  type PixelSize,
} from './image-sizes.ts';
import sharp from './sharp-setup.ts';

export interface ImageOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<ImageLimits> | undefined;
  /** Extras: `avif` adds an AVIF of the medium size. Others are not for pictures and are passed over. */
  readonly profile?: readonly string[] | undefined;
}

export interface ImageRendition extends PixelSize {
  readonly path: string;
  readonly mime: string;
}

export type ImageRenditionName = 'thumbnail' | 'small' | 'medium' | 'large' | 'webp' | 'avif';

export interface RenderedImage extends PixelSize {
  /** True when the WebP moves. */
  readonly animated: boolean;
  /** A thumbhash of the whole picture (its first frame), in base64. */
  readonly thumbhash: string;
  /**
   * Of the source: format, color_space, depth, has_alpha, has_profile, frames, and of its Exif the camera and how it
   * was set. `still: 'too_many_frames'` where an animation was over the limits and its WebP does not move.
   */
  readonly metadata: Record<string, unknown>;
  readonly renditions: Record<Exclude<ImageRenditionName, 'avif'>, ImageRendition> & {
    readonly avif?: ImageRendition;
  };
}

const JPEG = { quality: 85 };
/** Effort 2 of 6 costs half of the default's CPU, for files within a few percent of its size. */
const WEBP = { quality: 80, effort: 2 };
const AVIF = { quality: 55, effort: 3 };
/** Longest side of what is hashed, in pixels. The hash keeps seven waves a side at most, which 48 show. */
const THUMBHASH_SIDE = 48;

/** Decoded pixels: sRGB (or grey), 8 bits, alpha kept. */
interface Pixels extends PixelSize {
  readonly data: Buffer;
  readonly channels: OutputInfo['channels'];
}

/**
 * Makes a picture's renditions: a square thumbnail (150), small (320), medium (640) and large (1080) as JPEG, and a
 * WebP (640). Never enlarged; upright; in sRGB; without any metadata. Transparency is kept in WebP and AVIF and laid
 * on white in JPEG. An animated GIF or WebP stays animated in its WebP, with its delays and loop count; everything
 * else shows its first frame (of a TIFF, its first page).
 *
 * The source is decoded once, straight to the largest size (a JPEG is shrunk by 2, 4 or 8 while it is decoded), and
 * each smaller size comes from the nearest larger one: a third of the CPU of starting from the file each time.
 * @param input path of a local file.
 * @param outDir folder that exists; the files are named after their renditions.
 * @throws PermanentError `empty_media`, `unsupported_media`, `corrupt_media` (also where only the end is missing),
 * `too_many_pixels`, `took_too_long`; TransientError; or the signal's reason.
 */
export async function renderImage(
  input: string,
  outDir: string,
  options: ImageOptions = {},
): Promise<RenderedImage> {
  const { signal } = options;
  const limits = imageLimits(options.limits);
  signal?.throwIfAborted();
  const image = await stopping(openImage(input, limits, signal), signal);
  const large = await decode(image, fitWithin(image.size, LARGE_SIDE), signal);
  const medium = await shrink(large, fitWithin(image.size, MEDIUM_SIDE), signal);
  const small = await shrink(medium, fitWithin(image.size, SMALL_SIDE), signal);
  const square = await cropSquare(image, [medium, large], signal);

  const moving = image.moves && isWithin(image, limits);
  const save = async (name: ImageRenditionName, mime: string, pipeline: Sharp): Promise<ImageRendition> => {
    const path = join(outDir, `${name}.${extensions[mime] ?? 'bin'}`);
    const { data, info } = await stopping(pipeline.toBuffer({ resolveWithObject: true }), signal);
    await writeFile(path, data);
    return { path, mime, width: info.width, height: info.pageHeight ?? info.height };
  };
  const jpeg = (name: ImageRenditionName, pixels: Pixels) =>
    save(name, 'image/jpeg', onWhite(pixels).jpeg(JPEG));

  return {
    ...image.size,
    animated: moving,
    thumbhash: await thumbhash(small, signal),
    metadata: { ...image.metadata, ...(image.moves && !moving ? { still: 'too_many_frames' } : {}) },
    renditions: {
      thumbnail: await jpeg('thumbnail', square),
      small: await jpeg('small', small),
      medium: await jpeg('medium', medium),
      large: await jpeg('large', large),
      webp: moving
        ? await explained(save('webp', 'image/webp', animation(image)))
        : await save('webp', 'image/webp', pipelineOf(medium).webp(WEBP)),
      ...(options.profile?.includes('avif')
        ? { avif: await save('avif', 'image/avif', pipelineOf(medium).avif(AVIF)) }
        : {}),
    },
  };
}

const extensions: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/avif': 'avif',
};

function isWithin(image: OpenImage, limits: ImageLimits): boolean {
  const pixels = image.size.width * image.size.height * image.frames;
  return image.frames <= limits.animationFrames && pixels <= limits.animationPixels;
}

function animation(image: OpenImage): Sharp {
  return image
    .all()
    .resize({ ...fitWithin(image.size, MEDIUM_SIDE), fit: 'fill' })
    .webp(WEBP);
}

/** The step that reads the upload: whatever is wrong with it shows here. */
function decode(image: OpenImage, size: PixelSize, signal: AbortSignal | undefined): Promise<Pixels> {
  return explained(pixelsOf(image.first().resize({ ...size, fit: 'fill' }), signal));
}

async function shrink(from: Pixels, size: PixelSize, signal: AbortSignal | undefined): Promise<Pixels> {
  if (from.width === size.width && from.height === size.height) return from;
  return pixelsOf(pipelineOf(from).resize({ ...size, fit: 'fill' }), signal);
}

/** The thumbnail, from the smallest of `sources` that it need not be enlarged from; of a long strip, from the file. */
async function cropSquare(
  image: OpenImage,
  sources: readonly Pixels[],
  signal: AbortSignal | undefined,
): Promise<Pixels> {
  const side = thumbnailSide(image.size);
  const source = sources.find((pixels) => Math.min(pixels.width, pixels.height) >= side);
  const pipeline = source ? pipelineOf(source) : image.first();
  return explained(pixelsOf(pipeline.resize({ width: side, height: side, fit: 'cover' }), signal));
}

async function thumbhash(from: Pixels, signal: AbortSignal | undefined): Promise<string> {
  const { width, height } = fitWithin(from, THUMBHASH_SIDE);
  const pipeline = pipelineOf(from)
    .resize({ width, height, fit: 'fill' })
    .toColourspace('srgb')
    .ensureAlpha();
  const { data } = await pixelsOf(pipeline, signal);
  return Buffer.from(rgbaToThumbHash(width, height, data)).toString('base64');
}

function onWhite(pixels: Pixels): Sharp {
  const pipeline = pipelineOf(pixels);
  return pixels.channels === 2 || pixels.channels === 4
    ? pipeline.flatten({ background: '#ffffff' })
    : pipeline;
}

function pipelineOf({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

async function pixelsOf(pipeline: Sharp, signal: AbortSignal | undefined): Promise<Pixels> {
  const { data, info } = await stopping(pipeline.raw().toBuffer({ resolveWithObject: true }), signal);
  return { data, width: info.width, height: info.height, channels: info.channels };
}

async function explained<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw explainImageFailure(error);
  }
}

/**
 * Rejects with the signal's reason as soon as it aborts. libvips cannot be interrupted: what runs then goes on to
 * its end or its time limit, in memory alone, and its result is dropped.
 */
async function stopping<T>(step: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return step;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([aborted, step]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

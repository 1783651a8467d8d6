import type { Sharp } from 'sharp';
import { imageLimits, type ImageLimits } from './image-limits.ts';
import { openImage, type OpenImage } from './image-open.ts';
import {
  onWhite,
  pipelineOf,
  resize,
  run,
  runOnUpload,
  toPixels,
  upright,
  type Encoded,
  type Pixels,
} from './image-pixels.ts';
import {
  fitWithin,
  LARGE_SIDE,
  MEDIUM_SIDE,
  SMALL_SIDE,
  thumbnailSide,
  type PixelSize,
} from './image-sizes.ts';
import { pictureHash } from './picture-hash.ts';

export interface ImageOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<ImageLimits> | undefined;
  /**
   * Called when all sizes are there and only short encodings are left, half of the work. Each step is one thread's, and
   * between steps its processor waits: the next picture, begun now, fills that. Not called where an animation or an AVIF
   * is to come, which takes longer than all the rest.
   */
  readonly onDecoded?: (() => void) | undefined;
  /** Extras: `avif` adds an AVIF of the medium size. Others are not for pictures and are passed over. */
  readonly profile?: readonly string[] | undefined;
}

export interface ImageRendition extends PixelSize {
  readonly data: Buffer;
  readonly mime: string;
  /** What a file of it is named after the dot. */
  readonly ext: ImageExtension;
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

/** Huffman tables of a file's own would save 3% of its bytes, and cost half of an encoding's CPU. */
const JPEG = { quality: 85, optimiseCoding: false };
/** Effort 2 of 6 costs half of the default's CPU, for files within a few percent of its size. */
const WEBP = { quality: 80, effort: 2 };
const AVIF = { quality: 55, effort: 3 };

/**
 * Makes a picture's renditions: a square thumbnail (150), small (320), medium (640) and large (1080) as JPEG, and a
 * WebP (640). Never enlarged; upright; in sRGB; without any metadata. Transparency is kept in WebP and AVIF and laid
 * on white in JPEG. An animated GIF or WebP stays animated in its WebP, with its delays and loop count; everything
 * else shows its first frame (of a TIFF, its first page).
 *
 * The source is decoded once, straight to the largest size (a JPEG is shrunk by 2, 4 or 8 while it is decoded), and
 * each smaller size comes from the nearest larger one: a third of the CPU of starting from the file each time.
 * @param input path of a local file.
 * @throws PermanentError `empty_media`, `unsupported_media`, `corrupt_media` (also where only the end is missing),
 * `too_many_pixels`, `took_too_long`; TransientError; or the signal's reason.
 */
export async function renderImage(input: string, options: ImageOptions = {}): Promise<RenderedImage> {
  const { signal } = options;
  const limits = imageLimits(options.limits);
  signal?.throwIfAborted();
  const image = await openImage(input, limits, signal);
  const shown = await showFrame(image, signal);
  const moving = image.moves && isWithin(image, limits);
  const withAvif = options.profile?.includes('avif') === true;
  if (!moving && !withAvif) options.onDecoded?.();

  const jpeg = async (pixels: Pixels) => rendition('jpg', await run(onWhite(pixels).jpeg(JPEG), signal));
  const still = () => run(pipelineOf(shown.medium).webp(WEBP), signal);
  const avif = () => run(pipelineOf(shown.medium).avif(AVIF), signal);

  const renditions = {
    thumbnail: rendition('jpg', await square(image, [shown.small, shown.medium, shown.large], signal)),
    small: await jpeg(shown.small),
    medium: await jpeg(shown.medium),
    ...(withAvif ? { avif: rendition('avif', await avif()) } : {}),
  };
  const large = await jpeg(shown.large);
  const webp = rendition('webp', moving ? await runOnUpload(animation(image), signal) : await still());
  return {
    ...image.size,
    animated: moving,
    thumbhash: pictureHash(shown.small),
    metadata: { ...image.metadata, ...(image.moves && !moving ? { still: 'too_many_frames' } : {}) },
    renditions: { ...renditions, large, webp },
  };
}

const mimes = { jpg: 'image/jpeg', webp: 'image/webp', avif: 'image/avif' } as const;
type ImageExtension = keyof typeof mimes;

function rendition(ext: ImageExtension, { data, info }: Encoded): ImageRendition {
  return { data, ext, mime: mimes[ext], width: info.width, height: info.pageHeight ?? info.height };
}

interface Shown {
  readonly large: Pixels;
  readonly medium: Pixels;
  readonly small: Pixels;
}

/** The first frame at every size, each from the one before. */
async function showFrame(image: OpenImage, signal: AbortSignal | undefined): Promise<Shown> {
  const large = await readFrame(image, { ...fitWithin(image.size, LARGE_SIDE), fit: 'fill' }, signal);
  const medium = await resize(large, fitWithin(image.size, MEDIUM_SIDE), signal);
  const small = await resize(medium, fitWithin(image.size, SMALL_SIDE), signal);
  return { large, medium, small };
}

/** The first frame of the upload at a size, which is meant upright. */
async function readFrame(
  image: OpenImage,
  { width, height, fit }: PixelSize & { fit: 'fill' | 'cover' },
  signal: AbortSignal | undefined,
): Promise<Pixels> {
  const onSide = image.orientation > 4;
  const size = onSide ? { width: height, height: width, fit } : { width, height, fit };
  const stored = await runOnUpload(image.first().resize(size).raw(), signal);
  return upright(toPixels(stored), image.orientation, signal);
}

/** The thumbnail, from the smallest of `sources` that it need not be enlarged from; of a long strip, from the file. */
async function square(
  image: OpenImage,
  sources: readonly Pixels[],
  signal: AbortSignal | undefined,
): Promise<Encoded> {
  const side = thumbnailSide(image.size);
  const crop = { width: side, height: side, fit: 'cover' } as const;
  const source = sources.find((pixels) => Math.min(pixels.width, pixels.height) >= side);
  const from = source ?? (await readFrame(image, crop, signal));
  return run(onWhite(from).resize(crop).jpeg(JPEG), signal);
}

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

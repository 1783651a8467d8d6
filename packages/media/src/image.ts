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
import { type Upload, withUpload } from './upload.ts';

export interface ImageOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<ImageLimits> | undefined;
  /**
   * Called when nothing is left to be decoded and only short steps are left, half of the work. Each is one thread's, and
   * between them its processor waits: the next picture, begun now, fills that. Not called where an animation or an AVIF
   * is to be made, which takes longer than all the rest.
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
  const withAvif = options.profile?.includes('avif') === true;
  const { image, large, strip, moving } = await withUpload(input, signal, (upload) =>
    readUpload(upload, limits, signal),
  );
  if (!moving && !withAvif) options.onDecoded?.();

  const medium = await resize(large, fitWithin(image.size, MEDIUM_SIDE), signal);
  const small = await resize(medium, fitWithin(image.size, SMALL_SIDE), signal);
  const jpeg = async (pixels: Pixels) => rendition('jpg', await run(onWhite(pixels).jpeg(JPEG), signal));
  const still = () => run(pipelineOf(medium).webp(WEBP), signal);
  const avif = () => run(pipelineOf(medium).avif(AVIF), signal);
  const square = smallestWith(thumbnailSide(image.size), [small, medium, large]) ?? strip ?? large;

  const renditions = {
    thumbnail: rendition('jpg', await run(onWhite(square).resize(cropOf(image)).jpeg(JPEG), signal)),
    small: await jpeg(small),
    medium: await jpeg(medium),
    ...(withAvif ? { avif: rendition('avif', await avif()) } : {}),
    large: await jpeg(large),
    webp: rendition('webp', moving ?? (await still())),
  };
  return {
    ...image.size,
    animated: moving !== undefined,
    thumbhash: pictureHash(small),
    metadata: { ...image.metadata, ...(image.moves && !moving ? { still: 'too_many_frames' } : {}) },
    renditions,
  };
}

const mimes = { jpg: 'image/jpeg', webp: 'image/webp', avif: 'image/avif' } as const;
type ImageExtension = keyof typeof mimes;

function rendition(ext: ImageExtension, { data, info }: Encoded): ImageRendition {
  return { data, ext, mime: mimes[ext], width: info.width, height: info.pageHeight ?? info.height };
}

/** All that is made of the upload itself. */
interface Read {
  readonly image: OpenImage;
  /** The first frame at the largest size. */
  readonly large: Pixels;
  /** The thumbnail of a long strip, which the largest size is too narrow for. */
  readonly strip: Pixels | undefined;
  /** The WebP of an animation that is within the limits. */
  readonly moving: Encoded | undefined;
}

async function readUpload(
  upload: Upload,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<Read> {
  const image = await openImage(upload, limits, signal);
  const large = await readFrame(image, { ...fitWithin(image.size, LARGE_SIDE), fit: 'fill' }, signal);
  const isStrip = smallestWith(thumbnailSide(image.size), [large]) === undefined;
  const strip = isStrip ? await readFrame(image, cropOf(image), signal) : undefined;
  const moves = image.moves && isWithin(image, limits);
  const moving = moves ? await runOnUpload(animation(image), signal) : undefined;
  return { image, large, strip, moving };
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

/** The first of `sizes` that need not be enlarged to fill a square. */
function smallestWith(side: number, sizes: readonly Pixels[]): Pixels | undefined {
  return sizes.find((pixels) => Math.min(pixels.width, pixels.height) >= side);
}

/** How the thumbnail is cut. */
function cropOf(image: OpenImage) {
  const side = thumbnailSide(image.size);
  return { width: side, height: side, fit: 'cover' } as const;
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

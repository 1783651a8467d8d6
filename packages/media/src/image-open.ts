import type { Metadata, Sharp, SharpInput, SharpOptions } from 'sharp';
import { decodeBmp, readBmpHeader } from './bmp.ts';
import { readExif } from './exif.ts';
import { isCutGif } from './gif.ts';
import { decodeHeic } from './heic.ts';
import { corruptImage, explainImageFailure, tooManyPixels, unsupportedImage } from './image-errors.ts';
import type { ImageLimits } from './image-limits.ts';
import type { PixelSize } from './image-sizes.ts';
import sharp from './sharp-setup.ts';
import { type SniffedMedia, sniffMedia } from './sniff.ts';
import { bytesOf, type Upload } from './upload.ts';

/** A picture that is ready to be decoded, as often as it is asked for, while its upload is lent. */
export interface OpenImage {
  /** As displayed, upright. */
  readonly size: PixelSize;
  /** True when the format moves and this file has more than one frame. */
  readonly moves: boolean;
  readonly frames: number;
  readonly hasAlpha: boolean;
  /** What is told about the source: format, colours and camera, never place or person. */
  readonly metadata: Record<string, unknown>;
  /** How the picture is stored: 1–8 as in Exif; 1 is upright, 5–8 lie on their side. */
  readonly orientation: number;
  /** A new pipeline over the first frame, as stored. It decodes when its result is asked for. */
  first(): Sharp;
  /** A new pipeline over all frames. */
  all(): Sharp;
}

const movingFormats = new Set(['gif', 'webp']);

/**
 * Decides what a file is, by its content, and checks its header against the limits before anything is decoded
 * (BMP and HEIC, which sharp does not read, are decoded here, in processes of their own).
 * @throws PermanentError `unsupported_media`, `corrupt_media`, `too_many_pixels`, `took_too_long`; or the signal's
 * reason.
 */
export async function openImage(
  upload: Upload,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<OpenImage> {
  return openSniffed(upload, await sniffImage(upload), limits, signal);
}

/**
 * What kind of picture a file is, by its first bytes.
 * @throws PermanentError `unsupported_media`
 */
export async function sniffImage({ head }: Upload): Promise<SniffedMedia> {
  const sniffed = await sniffMedia(head);
  if (sniffed?.kind !== 'image') throw unsupportedImage();
  return sniffed;
}

/** {@link openImage} of an upload of which is known what it is. */
export async function openSniffed(
  upload: Upload,
  sniffed: SniffedMedia,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<OpenImage> {
  if (sniffed.ext === 'bmp') return openBmp(upload, limits, signal);
  const { content } = upload;
  const header = await readHeader(content, limits);
  if (header.format === 'gif' && isCutGif(await bytesOf(upload))) throw corruptImage();
  if (header.format === 'heif' && header.compression !== 'av1')
    return openHeic(upload, header, limits, signal);
  return opened(content, header, limits, header.format);
}

async function openBmp(
  { path, head }: Upload,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<OpenImage> {
  const bmp = readBmpHeader(head);
  if (bmp.width * bmp.height > limits.pixels) throw tooManyPixels();
  const decoded = await decodeBmp(path, bmp, limits, signal);
  return opened(decoded, await readHeader(decoded, limits), limits, 'bmp');
}

async function openHeic(
  { path }: Upload,
  header: Metadata,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<OpenImage> {
  const decoded = await decodeHeic(path, header.icc, limits, signal);
  // The decoded pixels are upright already; the Exif block's orientation, if it has one, has no say in HEIF.
  const { exif } = header;
  return opened(
    decoded,
    { ...(await readHeader(decoded, limits)), ...(exif ? { exif } : {}) },
    limits,
    'heic',
  );
}

function opened(source: SharpInput, header: Metadata, limits: ImageLimits, format: string): OpenImage {
  const { width, height, autoOrient, hasAlpha, orientation = 1 } = header;
  const moves = movingFormats.has(format) && (header.pages ?? 1) > 1;
  return {
    // Frames of an animation are never turned: viewers don't, and libvips would turn all of them as one picture.
    size: moves ? { width, height } : autoOrient,
    orientation: moves ? 1 : orientation,
    moves,
    frames: header.pages ?? 1,
    hasAlpha,
    metadata: describe(header, format),
    first: () => pipelineOver(source, limits),
    all: () => pipelineOver(source, limits, { animated: true, limitInputPixels: limits.animationPixels }),
  };
}

/** What decodes a source, within the limits, when its result is asked for. */
export function pipelineOver(source: SharpInput, limits: ImageLimits, options: SharpOptions = {}): Sharp {
  const seconds = Math.max(1, Math.ceil(limits.timeoutMs / 1000));
  return sharp(source, { failOn: 'error', limitInputPixels: limits.pixels, ...options }).timeout({ seconds });
}

async function readHeader(source: SharpInput, limits: ImageLimits): Promise<Metadata> {
  let header: Metadata;
  try {
    // The limit is checked below, where it gives an error of its own.
    header = await sharp(source, { limitInputPixels: false, failOn: 'error' }).metadata();
  } catch (error) {
    throw explainImageFailure(error);
  }
  if (header.width * header.height > limits.pixels) throw tooManyPixels();
  return header;
}

function describe(header: Metadata, format: string): Record<string, unknown> {
  return {
    format: format === 'heif' ? 'avif' : format,
    color_space: header.space,
    depth: header.depth,
    has_alpha: header.hasAlpha ?? false,
    has_profile: header.hasProfile ?? false,
    frames: header.pages ?? 1,
    ...(header.exif ? readExif(header.exif) : {}),
  };
}

import { open, readFile } from 'node:fs/promises';
import type { Metadata, Sharp, SharpInput, SharpOptions } from 'sharp';
import { PermanentError } from '@mediaworks/contracts';
import { decodeBmp, readBmpHeader } from './bmp.ts';
import { readExif } from './exif.ts';
import { isCutGif } from './gif.ts';
import { decodeHeic } from './heic.ts';
import { corruptImage, explainImageFailure, tooManyPixels, unsupportedImage } from './image-errors.ts';
import type { ImageLimits } from './image-limits.ts';
import type { PixelSize } from './image-sizes.ts';
import sharp from './sharp-setup.ts';
import { SNIFF_BYTES, type SniffedMedia, sniffMedia } from './sniff.ts';

/** A picture that is ready to be decoded, as often as it is asked for. */
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
 * @throws PermanentError `empty_media`, `unsupported_media`, `corrupt_media`, `too_many_pixels`, `took_too_long`;
 * or the signal's reason.
 */
export async function openImage(
  input: string,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<OpenImage> {
  const head = await readHead(input);
  return openSniffed(input, head, await sniffImage(head), limits, signal);
}

/**
 * What kind of picture a file is, by its first bytes.
 * @throws PermanentError `unsupported_media`
 */
export async function sniffImage(head: Uint8Array): Promise<SniffedMedia> {
  const sniffed = await sniffMedia(head);
  if (sniffed?.kind !== 'image') throw unsupportedImage();
  return sniffed;
}

/** {@link openImage} of a file whose first bytes are known. */
export async function openSniffed(
  input: string,
  head: Buffer,
  sniffed: SniffedMedia,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<OpenImage> {
  if (sniffed.ext === 'bmp') return openBmp(input, head, limits, signal);
  const header = await readHeader(input, limits);
  if (header.format === 'gif' && isCutGif(await readFile(input))) throw corruptImage();
  if (header.format === 'heif' && header.compression !== 'av1')
    return openHeic(input, header, limits, signal);
  return opened(input, header, limits, header.format);
}

async function openBmp(
  input: string,
  head: Buffer,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<OpenImage> {
  const bmp = readBmpHeader(head);
  if (bmp.width * bmp.height > limits.pixels) throw tooManyPixels();
  const decoded = await decodeBmp(input, bmp, limits, signal);
  return opened(decoded, await readHeader(decoded, limits), limits, 'bmp');
}

async function openHeic(
  input: string,
  header: Metadata,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<OpenImage> {
  const decoded = await decodeHeic(input, header.icc, limits, signal);
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

/** The first bytes of a file. @throws PermanentError `empty_media` */
export async function readHead(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(SNIFF_BYTES), length: SNIFF_BYTES });
    if (bytesRead === 0) throw new PermanentError('empty_media', 'The file is empty');
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

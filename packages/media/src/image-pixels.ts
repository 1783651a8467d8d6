import type { OutputInfo, Sharp } from 'sharp';
import { explainImageFailure } from './image-errors.ts';
import type { PixelSize } from './image-sizes.ts';
import sharp from './sharp-setup.ts';

/** Decoded pixels: sRGB or grey, 8 bits, with alpha where the source has it. */
export interface Pixels extends PixelSize {
  readonly data: Buffer;
  readonly channels: OutputInfo['channels'];
}

/** What a pipeline makes. */
export interface Encoded {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

export function pipelineOf({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** The pixels, laid on white where they have alpha. */
export function onWhite(pixels: Pixels): Sharp {
  const pipeline = pipelineOf(pixels);
  return pixels.channels === 2 || pixels.channels === 4
    ? pipeline.flatten({ background: '#ffffff' })
    : pipeline;
}

/** Runs a pipeline over pixels. @throws the signal's reason. */
export function run(pipeline: Sharp, signal: AbortSignal | undefined): Promise<Encoded> {
  return stopping(pipeline.toBuffer({ resolveWithObject: true }), signal);
}

/**
 * Runs a pipeline over the upload itself: what goes wrong is then wrong with it.
 * @throws PermanentError, TransientError as {@link explainImageFailure} says, or the signal's reason.
 */
export function runOnUpload(pipeline: Sharp, signal: AbortSignal | undefined): Promise<Encoded> {
  const explained = pipeline.toBuffer({ resolveWithObject: true }).catch((error: unknown) => {
    throw explainImageFailure(error);
  });
  return stopping(explained, signal);
}

export function toPixels({ data, info: { width, height, channels } }: Encoded): Pixels {
  return { data, width, height, channels };
}

/** The pixels at another size; themselves where it is the same. */
export async function resize(
  from: Pixels,
  size: PixelSize,
  signal: AbortSignal | undefined,
): Promise<Pixels> {
  if (from.width === size.width && from.height === size.height) return from;
  const { width, height } = size;
  return toPixels(await run(pipelineOf(from).resize({ width, height, fit: 'fill' }).raw(), signal));
}

/** What makes a stored picture upright, by its orientation (Exif 2.32, 4.6.4). sharp mirrors before it turns, in whatever order it is told. */
const turns: readonly ((pipeline: Sharp) => Sharp)[] = [
  (pipeline) => pipeline,
  (pipeline) => pipeline.flop(),
  (pipeline) => pipeline.rotate(180),
  (pipeline) => pipeline.flip(),
  (pipeline) => pipeline.rotate(90).flip(),
  (pipeline) => pipeline.rotate(90),
  (pipeline) => pipeline.rotate(90).flop(),
  (pipeline) => pipeline.rotate(270),
];

/**
 * Pixels as they are stored, made upright. Done on the shrunk picture: sharp's own autoOrient turns the whole one
 * before it is shrunk, which takes twice the CPU of everything else for a phone's photo.
 */
export async function upright(
  stored: Pixels,
  orientation: number,
  signal: AbortSignal | undefined,
): Promise<Pixels> {
  const turn = turns[orientation - 1];
  if (!turn || orientation === 1) return stored;
  return toPixels(await run(turn(pipelineOf(stored)).raw(), signal));
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

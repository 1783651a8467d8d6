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

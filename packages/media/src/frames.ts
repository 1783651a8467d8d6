import { PermanentError } from '@mediaworks/contracts';
import { readParts } from './frame-parts.ts';
import { streamGrey } from './grey-decode.ts';
import type { MediaLimits } from './limits.ts';
import type { MediaProbe } from './probe.ts';
import { findSeams } from './seams.ts';

export interface FrameOptions {
  readonly probe: MediaProbe;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<MediaLimits> | undefined;
  /** Whole percents, 0–100. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

/** How a long video is decoded in parts, several at a time. */
export interface PartOptions {
  /** So many at a time; with 1 it is decoded in one go. */
  readonly decoders: number;
  /** Where the frames of those parts wait that are ahead: about 30 MB each for 480 × 270 pixels, two for each decoder. */
  readonly folder: string;
  /** Length of a part, in seconds; default 60. Videos of less than five parts are decoded in one go. */
  readonly seconds?: number;
}

export interface GreyFrameOptions extends FrameOptions {
  readonly parts?: PartOptions | undefined;
}

export interface GreyFrames {
  /** Of every frame, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Frames a second. */
  readonly rate: number;
}

export interface ReadFrames {
  /** How many there were, at least 1. */
  readonly count: number;
  /** The file breaks off before the end that it announces: an upload or a recording that was interrupted. */
  readonly cutOff: boolean;
}

/**
 * Decodes a video once and gives it as small grey frames at a steady rate, in bounded memory: a frame that the video
 * holds for longer comes again, of several in one step one comes. Frame `n` shows the video at `n / rate` seconds.
 * They are the same frames however many decoders there are.
 * @param form a whole rate
 * @param onFrame one byte a pixel, row by row; the buffer is its own. Decoding waits for it.
 * @throws PermanentError `no_video`, `no_frames` and what every run of ffmpeg may; TransientError; the signal's reason.
 */
export async function readGreyFrames(
  path: string,
  form: GreyFrames,
  onFrame: (pixels: Uint8Array, index: number) => void,
  options: GreyFrameOptions,
): Promise<ReadFrames> {
  const source = { path, form, options };
  let count = 0;
  const take = (frame: Uint8Array) => onFrame(frame, count++);
  const { parts } = options;
  const seams =
    parts && parts.decoders > 1 ? await findSeams(path, parts.seconds ?? PART_SECONDS, options) : [];
  const { cutOff } =
    parts && seams.length > 0
      ? await readParts(source, seams, parts, take)
      : await streamGrey(source, { from: 0 }, take);
  if (count === 0) throw new PermanentError('no_frames', 'No picture of the video could be decoded');
  return { count, cutOff };
}

const PART_SECONDS = 60;

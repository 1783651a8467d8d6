import { commandArguments } from './ffmpeg-command.ts';
import { runFfmpeg, type FfmpegOutcome } from './ffmpeg.ts';
import type { FrameOptions, GreyFrames } from './frames.ts';
import { mediaLimits } from './limits.ts';
import { mainVideo } from './video-plan.ts';

/** A video, and what is wanted of it. */
export interface GreySource {
  readonly path: string;
  readonly form: GreyFrames;
  readonly options: FrameOptions;
}

/** A stretch of a video. */
export interface Stretch {
  /** Whole seconds. There must be a key frame less than a second before, unless it is the beginning. */
  readonly from: number;
  /** Frames of the result; without it, all up to the end. */
  readonly frames?: number;
}

/** Takes the frames of a stretch as they come, each in a buffer of its own. */
export async function streamGrey(
  source: GreySource,
  stretch: Stretch,
  onFrame: (pixels: Uint8Array) => void,
): Promise<{ cutOff: boolean }> {
  const { width, height } = source.form;
  const size = width * height;
  let frame = new Uint8Array(size);
  let filled = 0;
  const onStdout = async (stdout: AsyncIterable<Uint8Array>) => {
    for await (const chunk of stdout) {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + size - filled);
        frame.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < size) continue;
        onFrame(frame);
        frame = new Uint8Array(size);
        filled = 0;
      }
    }
  };
  const { signal, onProgress, probe, limits } = source.options;
  const outcome = await runFfmpeg(greyArguments(source, stretch, 'pipe:1'), {
    signal,
    limits: mediaLimits(limits),
    durationSeconds: probe.duration,
    onProgress,
    onStdout,
  });
  return { cutOff: isCutOff(outcome, source, stretch) };
}

/** Writes the frames of a stretch to a file, one after the other. */
export async function writeGrey(
  source: GreySource,
  stretch: Stretch,
  outFile: string,
  signal: AbortSignal,
): Promise<{ cutOff: boolean }> {
  const { probe, limits } = source.options;
  const args = greyArguments(source, stretch, outFile);
  const settings = { signal, limits: mediaLimits(limits), durationSeconds: probe.duration };
  return { cutOff: isCutOff(await runFfmpeg(args, settings), source, stretch) };
}

/** By so much a video may end before the end that it announces and be whole, in seconds. */
const NEAR_END = 1;

/**
 * The file ends before the end that it announces. Old ffmpegs do not always say so, but that its last packet is broken
 * they do.
 */
function isCutOff(
  { stderr, frames }: FfmpegOutcome,
  { form, options }: GreySource,
  { from }: Stretch,
): boolean {
  if (/partial file|File ended prematurely/.test(stderr)) return true;
  const announced = mainVideo(options.probe).duration ?? options.probe.duration ?? 0;
  return /Invalid data found/.test(stderr) && from + frames / form.rate < announced - NEAR_END;
}

function greyArguments(
  { path, form, options }: GreySource,
  { from, frames }: Stretch,
  target: string,
): string[] {
  const limits = mediaLimits(options.limits);
  const video = mainVideo(options.probe);
  const { width, height, rate } = form;
  return commandArguments({
    inputs: [
      {
        ...{ path, demuxer: options.probe.demuxer },
        ...{ framePixels: limits.framePixels, threads: limits.threads },
        // The frame that is shown then may have come before: what leads up to it is decoded, too.
        options: from > 0 ? ['-noaccurate_seek', '-ss', String(from)] : [],
      },
    ],
    outputs: [
      {
        target,
        options: [
          ...['-map', `0:${video.index}`, '-an', '-sn', '-dn'],
          ...(frames === undefined ? [] : ['-frames:v', String(frames)]),
          // Only what is kept is scaled. `pass` gives the last frame of a video that is shorter than half a step.
          ...[
            '-vf',
            `fps=${rate}:start_time=0:eof_action=pass,scale=${width}:${height}:flags=area,format=gray`,
          ],
          ...['-f', 'rawvideo', '-pix_fmt', 'gray'],
        ],
      },
    ],
  });
}

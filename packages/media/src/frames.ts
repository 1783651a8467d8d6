import { PermanentError } from '@mediaworks/contracts';
import { commandArguments } from './ffmpeg-command.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { mediaLimits, type MediaLimits } from './limits.ts';
import type { MediaProbe } from './probe.ts';
import { preferred } from './video-plan.ts';

export interface FrameOptions {
  readonly probe: MediaProbe;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<MediaLimits> | undefined;
  /** Whole percents, 0–100. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

export interface GreyFrames {
  /** Of every frame, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Frames a second. */
  readonly rate: number;
}

/**
 * Decodes a video once and gives it as small grey frames at a steady rate, in bounded memory: a frame that the video
 * holds for longer comes again, of several in one step one comes. Frame `n` shows the video at `n / rate` seconds.
 * @param onFrame one byte a pixel, row by row; the buffer is its own. Decoding waits for it.
 * @returns how many frames there were.
 * @throws PermanentError `no_video`, `no_frames` and what every run of ffmpeg may; TransientError; the signal's reason.
 */
export async function readGreyFrames(
  path: string,
  form: GreyFrames,
  onFrame: (pixels: Uint8Array, index: number) => void,
  options: FrameOptions,
): Promise<number> {
  const limits = mediaLimits(options.limits);
  const { demuxer, videos, duration } = options.probe;
  const video = preferred(videos.filter((stream) => stream.codec !== null));
  if (!video) throw new PermanentError('no_video', 'The file holds no moving picture');
  const { width, height, rate } = form;
  const size = width * height;
  const args = commandArguments({
    inputs: [{ path, demuxer, framePixels: limits.framePixels, threads: limits.threads }],
    outputs: [
      {
        target: 'pipe:1',
        options: [
          ...['-map', `0:${video.index}`, '-an', '-sn', '-dn'],
          // Only what is kept is scaled.
          ...['-vf', `fps=${rate}:start_time=0,scale=${width}:${height}:flags=area,format=gray`],
          ...['-f', 'rawvideo', '-pix_fmt', 'gray'],
        ],
      },
    ],
  });
  let count = 0;
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
        onFrame(frame, count++);
        frame = new Uint8Array(size);
        filled = 0;
      }
    }
  };
  const { signal, onProgress } = options;
  await runFfmpeg(args, { signal, limits, durationSeconds: duration, onProgress, onStdout });
  if (count === 0) throw new PermanentError('no_frames', 'No picture of the video could be decoded');
  return count;
}

import { PermanentError } from '@mediaworks/contracts';
import { commandArguments } from './ffmpeg-command.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { mediaLimits, type MediaLimits } from './limits.ts';
import type { MediaProbe } from './probe.ts';
import { mainVideo } from './video-plan.ts';

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

export interface ReadFrames {
  /** How many there were, at least 1. */
  readonly count: number;
  /** The file breaks off before the end that it announces: an upload or a recording that was interrupted. */
  readonly cutOff: boolean;
}

/**
 * Decodes a video once and gives it as small grey frames at a steady rate, in bounded memory: a frame that the video
 * holds for longer comes again, of several in one step one comes. Frame `n` shows the video at `n / rate` seconds.
 * @param onFrame one byte a pixel, row by row; the buffer is its own. Decoding waits for it.
 * @throws PermanentError `no_video`, `no_frames` and what every run of ffmpeg may; TransientError; the signal's reason.
 */
export async function readGreyFrames(
  path: string,
  form: GreyFrames,
  onFrame: (pixels: Uint8Array, index: number) => void,
  options: FrameOptions,
): Promise<ReadFrames> {
  const limits = mediaLimits(options.limits);
  const { demuxer, duration } = options.probe;
  const video = mainVideo(options.probe);
  const { width, height, rate } = form;
  const size = width * height;
  const args = commandArguments({
    inputs: [{ path, demuxer, framePixels: limits.framePixels, threads: limits.threads }],
    outputs: [
      {
        target: 'pipe:1',
        options: [
          ...['-map', `0:${video.index}`, '-an', '-sn', '-dn'],
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
  const { stderr } = await runFfmpeg(args, {
    signal,
    limits,
    durationSeconds: duration,
    onProgress,
    onStdout,
  });
  if (count === 0) throw new PermanentError('no_frames', 'No picture of the video could be decoded');
  return { count, cutOff: /partial file|File ended prematurely/.test(stderr) };
}

import { commandArguments } from './ffmpeg-command.ts';
import { runFfmpeg, type FfmpegOptions } from './ffmpeg.ts';
import type { Size } from './video-plan.ts';

/** A few moving seconds to show where a still would be. */
const SECONDS = 3;
const FRAME_RATE = 8;
const LONGEST_SIDE = 320;
const QUALITY = 60;

export interface PreviewSource {
  /** A video that {@link transcodeVideo} has made. */
  readonly path: string;
  readonly size: Size;
  /** Seconds. */
  readonly duration: number;
  /** Where to begin, in seconds; what is hardly longer than the preview is shown from its start. */
  readonly from: number;
}

/**
 * Makes an animated WebP of at most 3 s, 8 frames a second and 320 pixels, looping, into `target`; returns its size.
 * @throws as runFfmpeg
 */
export async function makePreview(
  source: PreviewSource,
  target: string,
  options: FfmpegOptions,
): Promise<Size> {
  const factor = Math.min(1, LONGEST_SIDE / Math.max(source.size.width, source.size.height));
  const width = Math.max(1, Math.round(source.size.width * factor));
  const height = Math.max(1, Math.round(source.size.height * factor));
  const start = source.duration > source.from + SECONDS ? source.from : 0;
  const { limits } = options;
  const args = commandArguments({
    inputs: [
      {
        ...{ path: source.path, demuxer: 'mov', framePixels: limits.framePixels, threads: limits.threads },
        options: ['-ss', start.toFixed(3), '-t', String(SECONDS)],
      },
    ],
    outputs: [
      {
        target,
        options: [
          ...[
            '-map',
            '0:v:0',
            '-vf',
            `fps=${FRAME_RATE},scale=${width}:${height}:flags=bicubic,format=yuv420p`,
          ],
          ...['-c:v', 'libwebp_anim', '-quality', String(QUALITY), '-loop', '0', '-threads', '1'],
          ...['-map_metadata', '-1', '-f', 'webp'],
        ],
      },
    ],
  });
  await runFfmpeg(args, options);
  return { width, height };
}

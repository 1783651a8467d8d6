import { writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { PermanentError } from '@mediaworks/contracts';
import { hasIndex } from './demuxers.ts';
import { commandArguments } from './ffmpeg-command.ts';
import { runFfmpeg } from './ffmpeg.ts';
import type { FrameOptions } from './frames.ts';
import { mediaLimits } from './limits.ts';
import type { VideoStream } from './probe-streams.ts';
import sharp from './sharp-setup.ts';
import { colorTags, preferredMatrix } from './video-color.ts';
import { mainVideo } from './video-plan.ts';

export interface Still {
  /** Pixels, as displayed. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

/** What a picture of 1920 × 1080 may take; a larger one in proportion. */
const BYTES_PER_PIXEL = 200_000 / (1920 * 1080);
const LEAST_BYTES = 60_000;
const QUALITIES = [88, 80, 70, 60, 50, 40, 30] as const;
/** Where no index tells of the key frames, one is hoped for in so many seconds before. */
const WITHOUT_INDEX = 20;
/** How much earlier to look where there is no frame any more, in seconds. */
const STEPS_BACK = [0, 0.5, 2, 8, Infinity] as const;

/**
 * Writes the frame that a video shows at a moment as a JPEG: at its full size as displayed, upright, with square pixels,
 * in sRGB, in at most 200 KB for 1920 × 1080 pixels. Where the video ends sooner than it says, its last frames stand in.
 * @param seconds from the beginning
 * @throws PermanentError `no_video`, `no_frames` and what every run of ffmpeg may; TransientError; the signal's reason.
 */
export async function writeStill(
  path: string,
  seconds: number,
  outFile: string,
  options: FrameOptions,
): Promise<Still> {
  const video = mainVideo(options.probe);
  const { width, height } = video;
  for (const back of STEPS_BACK) {
    const pixels = await readPixels(path, Math.max(0, seconds - back), video, options);
    if (!pixels) continue;
    const jpeg = await encode(pixels, width, height);
    await writeFile(outFile, jpeg);
    return { width, height, bytes: jpeg.length };
  }
  throw new PermanentError('no_frames', 'No picture of the video could be decoded');
}

/** The frame as 8-bit RGB; undefined when there is none from that moment on. */
async function readPixels(
  path: string,
  seconds: number,
  video: VideoStream,
  { probe, signal, limits: given }: FrameOptions,
): Promise<Buffer | undefined> {
  const limits = mediaLimits(given);
  const { width, height } = video;
  const from = hasIndex(probe.demuxer) ? seconds : Math.max(0, seconds - WITHOUT_INDEX);
  const matrix = preferredMatrix(colorTags(video, false), video);
  const scale = `scale=${width}:${height}:flags=bicubic+accurate_rnd+full_chroma_int:in_color_matrix=${matrix}`;
  const args = commandArguments({
    inputs: [
      {
        ...{ path, demuxer: probe.demuxer, framePixels: limits.framePixels, threads: limits.threads },
        // The frame that is shown then may have come long before: what leads up to it is decoded, too.
        options: from > 0 ? ['-noaccurate_seek', '-ss', from.toFixed(3)] : [],
      },
    ],
    outputs: [
      {
        target: 'pipe:1',
        options: [
          ...['-map', `0:${video.index}`, '-an', '-sn', '-dn', '-frames:v', '1'],
          ...[
            '-vf',
            `tpad=stop=-1:stop_mode=clone,fps=10:start_time=${(seconds - from).toFixed(3)},${scale},format=rgb24,setsar=1`,
            '-f',
            'rawvideo',
            '-pix_fmt',
            'rgb24',
          ],
        ],
      },
    ],
  });
  let pixels: Buffer | undefined;
  const onStdout = async (stdout: Readable) => {
    // Filled as the bytes come: gathered first, a frame is in memory two or three times.
    const frame = Buffer.allocUnsafeSlow(width * height * 3);
    let filled = 0;
    for await (const chunk of stdout as AsyncIterable<Buffer>) filled += chunk.copy(frame, filled);
    if (filled === frame.length) pixels = frame;
  };
  try {
    await runFfmpeg(args, { signal, limits, durationSeconds: probe.duration, onStdout });
  } catch (error) {
    // Nothing to decode from there on; whether there is anything at all shows further back.
    if (!(error instanceof PermanentError) || signal?.aborted) throw error;
    return undefined;
  }
  return pixels;
}

async function encode(pixels: Buffer, width: number, height: number): Promise<Buffer> {
  const most = Math.max(LEAST_BYTES, BYTES_PER_PIXEL * width * height);
  let jpeg: Buffer | undefined;
  for (const quality of QUALITIES) {
    jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality, mozjpeg: true })
      .toBuffer();
    if (jpeg.length <= most) break;
  }
  if (!jpeg) throw new Error('no quality to encode with');
  return jpeg;
}

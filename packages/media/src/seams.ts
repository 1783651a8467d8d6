import { exec, ExecError } from '@mediaworks/runtime';
import { z } from 'zod';
import { localInputOptions } from './demuxers.ts';
import { fileUrl } from './ffmpeg-command.ts';
import { explainFailure } from './ffmpeg-errors.ts';
import { childEnvironment } from './ffmpeg.ts';
import { ffprobePath } from './ffmpeg-path.ts';
import type { FrameOptions } from './frames.ts';
import { mediaLimits } from './limits.ts';
import { mainVideo } from './video-plan.ts';

/** So many parts make a video long enough to be decoded in parts. */
const FEWEST_PARTS = 5;
/** Where key frames are further apart than so many parts, parts gain nothing and their frames take much room. */
const LONGEST_PART = 3;
const LOOK_TIMEOUT_MS = 60_000;

const keyFrames = z.object({
  packets: z.array(z.object({ pts_time: z.string().optional(), flags: z.string() })),
  streams: z.array(z.object({ time_base: z.string() })),
  format: z.object({ start_time: z.string().optional() }),
});

/**
 * Moments at which decoding may begin anew, in whole seconds from the beginning, ascending, about so many seconds apart:
 * each has a key frame less than a second before. None where the video is short, where key frames are rare, or where
 * seeking can't be trusted: without an index of them, or where a second is no whole number of the video's time steps.
 * Whether what is decoded from there on is the same must be seen.
 * @throws PermanentError | TransientError as every run of ffprobe; the signal's reason.
 */
export async function findSeams(path: string, seconds: number, options: FrameOptions): Promise<number[]> {
  const { demuxer, duration } = options.probe;
  if (demuxer !== 'mov' && demuxer !== 'matroska') return [];
  if (duration === null || duration < FEWEST_PARTS * seconds) return [];
  const wanted = Array.from({ length: Math.ceil(duration / seconds) - 1 }, (_, n) => (n + 1) * seconds);
  const found = await look(path, wanted, options);
  const start = Number(found?.format.start_time);
  if (!found || !Number.isFinite(start) || !/^1\/\d+$/.test(found.streams[0]?.time_base ?? '')) return [];
  const moments = found.packets.map(({ pts_time: time, flags }) =>
    flags.startsWith('K') ? Math.ceil(Number(time) - start) : NaN,
  );
  // What was looked for and isn't there, or isn't a key frame: the index does not hold.
  if (moments.length !== wanted.length || moments.some(Number.isNaN)) return [];
  const seams = [...new Set(moments)].filter((moment) => moment > 0 && moment < duration);
  const isRising = seams.every((moment, n) => moment > (seams[n - 1] ?? 0));
  const isClose = [...seams, duration].every((end, n) => end - (seams[n - 1] ?? 0) <= LONGEST_PART * seconds);
  return isRising && isClose ? seams : [];
}

/** The key frames before those moments; undefined where ffprobe can't tell. */
async function look(
  path: string,
  moments: readonly number[],
  { probe, limits: given, signal }: FrameOptions,
): Promise<z.infer<typeof keyFrames> | undefined> {
  const limits = mediaLimits(given);
  const { framePixels, memoryBytes } = limits;
  const args = [
    ...['-hide_banner', '-v', 'error'],
    ...localInputOptions({ framePixels, threads: 1, demuxer: probe.demuxer }),
    ...['-select_streams', String(mainVideo(probe).index)],
    ...['-read_intervals', moments.map((moment) => `${moment}%+#1`).join(',')],
    ...['-show_entries', 'packet=pts_time,flags:stream=time_base:format=start_time'],
    ...['-of', 'json', fileUrl(path)],
  ];
  try {
    const { stdout } = await exec(ffprobePath(), args, {
      ...(signal ? { signal } : {}),
      env: childEnvironment,
      timeoutMs: Math.min(LOOK_TIMEOUT_MS, limits.timeoutMs),
      limits: { memoryBytes, cpuSeconds: LOOK_TIMEOUT_MS / 1000, fileBytes: 0 },
    });
    return keyFrames.safeParse(JSON.parse(stdout.toString('utf8'))).data;
  } catch (error) {
    if (error instanceof ExecError) return undefined;
    throw explainFailure(error);
  }
}

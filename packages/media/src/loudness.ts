import { z } from 'zod';
import { commandArguments, type CommandInput } from './ffmpeg-command.ts';
import { runFfmpeg, type FfmpegOptions } from './ffmpeg.ts';

/** EBU R128 as streaming services use it: integrated loudness in LUFS, true peak in dBTP. */
const TARGET_LUFS = -16;
const TARGET_PEAK = -1.5;
/** The range that loudnorm takes for its target, in LU. */
const LEAST_RANGE = 11;
const MOST_RANGE = 20;

const level = z.coerce.number();
const measured = z.object({
  input_i: level,
  input_tp: level,
  input_lra: level,
  input_thresh: level,
  target_offset: level,
});
export type LoudnessMeasurement = z.infer<typeof measured>;

/**
 * The first of two passes: how loud an audio stream is; null for silence, which has no loudness.
 * @throws as runFfmpeg
 */
export async function measureLoudness(
  input: CommandInput,
  stream: number,
  options: FfmpegOptions,
): Promise<LoudnessMeasurement | null> {
  const filter = `loudnorm=I=${TARGET_LUFS}:TP=${TARGET_PEAK}:LRA=${LEAST_RANGE}:print_format=json`;
  const args = commandArguments({
    inputs: [input],
    outputs: [
      {
        target: 'pipe:1',
        // The filter tells its findings at level info.
        options: ['-map', `0:${stream}`, '-af', filter, '-loglevel', 'info', '-f', 'null'],
      },
    ],
  });
  const { stderr } = await runFfmpeg(args, options);
  const json = /\{[^{}]*"input_i"[^{}]*\}/.exec(stderr)?.[0];
  const parsed = json === undefined ? undefined : measured.safeParse(JSON.parse(json));
  // "-inf" for silence is not a number, and neither is a level below any hearing worth lifting.
  return parsed?.success && parsed.data.input_i > -70 ? parsed.data : null;
}

/** The second pass: one gain over the whole length where peaks allow it, so that the dynamics stay. */
export function normalizeFilter(loudness: LoudnessMeasurement): string {
  const range = Math.min(MOST_RANGE, Math.max(LEAST_RANGE, loudness.input_lra));
  return [
    `loudnorm=I=${TARGET_LUFS}:TP=${TARGET_PEAK}:LRA=${range}`,
    `measured_I=${loudness.input_i}:measured_TP=${loudness.input_tp}`,
    `measured_LRA=${loudness.input_lra}:measured_thresh=${loudness.input_thresh}`,
    `offset=${loudness.target_offset}:linear=true`,
  ].join(':');
}

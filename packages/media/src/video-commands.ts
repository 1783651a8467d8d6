import type { Command, CommandInput, CommandOutput } from './ffmpeg-command.ts';
import type { FfmpegFeatures } from './ffmpeg-features.ts';
import type { MediaLimits } from './limits.ts';
import type { MediaProbe } from './probe.ts';
import type { AudioStream, VideoStream } from './probe-streams.ts';
import { colorOptions, colorTags } from './video-color.ts';
import { encodeGraph, isRgb, posterFilter } from './video-filters.ts';
import { audioComplies, frameMode, frameTiming, type Size, type VideoProfile } from './video-plan.ts';

/** Everything that a run needs to know, decided before it starts. */
export interface VideoJob {
  readonly input: string;
  readonly source: MediaProbe;
  readonly video: VideoStream;
  readonly audio: AudioStream | undefined;
  readonly profile: VideoProfile;
  readonly limits: MediaLimits;
  readonly features: FfmpegFeatures;
  readonly size: Size;
  readonly poster: Size;
  readonly posterAt: number;
  readonly toneMap: boolean;
  readonly paths: { readonly video: string; readonly poster: string; readonly preview: string };
}

/** Encodes the video and the poster from one decode. */
export function encodeCommand(job: VideoJob): Command {
  const { video, audio, profile, toneMap } = job;
  const tags = colorTags(video, toneMap || isRgb(video));
  return {
    inputs: [inputOf(job)],
    filterGraph: encodeGraph({ ...job, tags }),
    outputs: [
      {
        target: job.paths.video,
        options: [
          ...['-map', '[video]', ...(audio ? ['-map', `0:${audio.index}`] : [])],
          ...[
            '-c:v',
            'libx264',
            '-profile:v',
            'high',
            '-preset',
            profile.preset,
            '-crf',
            String(profile.crf),
          ],
          ...colorOptions(tags),
          ...frameTiming(video, profile, job.features),
          ...(audio ? audioOptions(job.source, audio) : []),
          ...['-threads', String(job.limits.threads)],
          ...containerOptions,
        ],
      },
      { target: job.paths.poster, options: ['-map', '[poster]', '-frames:v', '2', ...posterOptions(job)] },
    ],
  };
}

/** One frame is wanted, but ffmpeg decodes an input to its end while another output goes on; slow videos have a frame in this. */
const POSTER_WINDOW_S = '2';

/** The file is opened twice in the one run, so that finding the poster's frame does not decode the rest. */
export function remuxCommand(job: VideoJob): Command {
  const { video, audio } = job;
  return {
    inputs: [
      inputOf(job),
      { ...inputOf(job), options: ['-ss', job.posterAt.toFixed(3), '-t', POSTER_WINDOW_S] },
    ],
    outputs: [
      {
        target: job.paths.video,
        options: [
          ...['-map', `0:${video.index}`, ...(audio ? ['-map', `0:${audio.index}`] : [])],
          ...['-c', 'copy', ...containerOptions],
        ],
      },
      posterOutput(job, 1),
    ],
  };
}

/** The poster alone, of the first frame that there is. */
export function posterCommand(job: VideoJob): Command {
  return { inputs: [inputOf(job)], outputs: [posterOutput(job, 0)] };
}

function posterOutput(job: VideoJob, input: number): CommandOutput {
  const filter = posterFilter({ ...job, tags: colorTags(job.video, false) });
  return {
    target: job.paths.poster,
    options: ['-map', `${input}:${job.video.index}`, '-frames:v', '1', '-vf', filter, ...posterOptions(job)],
  };
}

function inputOf(job: VideoJob): CommandInput {
  const { demuxer } = job.source;
  return { path: job.input, demuxer, framePixels: job.limits.framePixels, threads: job.limits.threads };
}

function posterOptions(job: VideoJob): string[] {
  return [
    // Else ffmpeg fills the second between the two frames with copies of the first, up to the limit of two.
    ...frameMode('passthrough', job.features),
    ...['-c:v', 'mjpeg', '-q:v', '2', '-threads', '1', '-map_metadata', '-1', '-f', 'image2', '-update', '1'],
  ];
}

const containerOptions = [
  // Titles, places and names go; so do the chapters and the timecode track that would be made of them.
  ...['-map_metadata', '-1', '-map_chapters', '-1', '-write_tmcd', '0'],
  // Sound that starts long before the first picture waits here; the default queue is too short for it.
  ...['-max_muxing_queue_size', '4096', '-movflags', '+faststart', '-f', 'mp4'],
];

const BITS_PER_CHANNEL = 64_000;

function audioOptions(source: MediaProbe, audio: AudioStream): string[] {
  if (audioComplies(source, audio)) return ['-c:a', 'copy'];
  const channels = Math.min(2, audio.channels ?? 2);
  const rate = audio.sampleRate ?? 0;
  return [
    ...['-c:a', 'aac', '-ac', String(channels), '-b:a', String(BITS_PER_CHANNEL * channels)],
    ...['-ar', String(rate >= 8_000 && rate <= 48_000 ? rate : 48_000)],
    // Fills gaps with silence, so that what follows one stays with the picture.
    ...['-af', 'aresample=async=1'],
  ];
}

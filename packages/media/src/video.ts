import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError, TransientError } from '@mediaworks/contracts';
import { declaresDuration } from './demuxers.ts';
import { commandArguments, type Command, type CommandInput } from './ffmpeg-command.ts';
import { ffmpegFeatures, type FfmpegFeatures } from './ffmpeg-features.ts';
import { runFfmpeg, type FfmpegOutcome } from './ffmpeg.ts';
import { mediaLimits, type MediaLimits } from './limits.ts';
import { describeProbe } from './probe-summary.ts';
import { probe, type MediaProbe } from './probe.ts';
import type { AudioStream, HdrTransfer, VideoStream } from './probe-streams.ts';
import { colorOptions, colorTags } from './video-color.ts';
import { encodeGraph, isRgb, posterFilter } from './video-filters.ts';
import {
  audioComplies,
  complies,
  defaultVideoProfile,
  frameMode,
  frameTiming,
  outputSize,
  posterSize,
  posterTime,
  preferred,
  type Size,
  type VideoProfile,
} from './video-plan.ts';

export interface TranscodeOptions {
  /** Aborting ends ffmpeg and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whole percents of the encode, rising, 100 at its end. Silent until the end when the length is unknown. */
  readonly onProgress?: ((percent: number) => void) | undefined;
  readonly limits?: Partial<MediaLimits> | undefined;
  /** What {@link probe} said of this very file, to save asking again. */
  readonly probe?: MediaProbe | undefined;
}

export interface VideoOptions extends TranscodeOptions {
  readonly profile?: Partial<VideoProfile> | undefined;
}

export interface LocalRendition {
  readonly path: string;
  readonly mime: string;
  readonly width: number | null;
  readonly height: number | null;
}

export interface TranscodedVideo {
  /** Pixels of the source as shown. */
  readonly width: number;
  readonly height: number;
  /** Seconds. */
  readonly duration: number;
  /** Bits per second of the source; null when unknown. */
  readonly bitrate: number | null;
  readonly hdr: HdrTransfer | null;
  /** True when the streams were copied, not encoded again. */
  readonly remuxed: boolean;
  readonly renditions: { readonly video: LocalRendition; readonly poster: LocalRendition };
  readonly metadata: Record<string, unknown>;
}

/** Everything that a run needs to know, decided before it starts. */
interface VideoJob {
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
  readonly paths: { readonly video: string; readonly poster: string };
}

/**
 * Makes a video web-ready, into `outDir` as `video.mp4` (H.264 High, yuv420p, AAC at most stereo and 48 kHz,
 * faststart, upright, square pixels, no metadata) and `poster.jpg`, in one run of ffmpeg.
 *
 * Of several video or audio tracks the default one is taken, else the first; data, subtitles, chapters and
 * attachments are dropped. A source that already complies, under a bit rate cap, is copied, not encoded. HDR is
 * tone-mapped where ffmpeg can; `metadata.hdr` and `metadata.tone_mapped` tell.
 *
 * @throws PermanentError `no_video_frames`, `corrupt_media` (also when the end is missing), the codes of
 * {@link probe} and of {@link runFfmpeg}; TransientError; or the signal's reason. Nothing is left in `outDir` then.
 */
export async function transcodeVideo(
  input: string,
  outDir: string,
  options: VideoOptions = {},
): Promise<TranscodedVideo> {
  const limits = mediaLimits(options.limits);
  const source = options.probe ?? (await probe(input, options));
  const job = await plan(input, outDir, source, limits, { ...defaultVideoProfile, ...options.profile });
  await mkdir(outDir, { recursive: true });
  try {
    const remuxed = complies(source, job.video, job.audio, job.profile) && (await tryRemux(job, options));
    const outcome = remuxed || (await encode(job, options));
    const duration = checkComplete(outcome, job);
    await ensurePoster(job, options);
    return {
      width: job.video.width,
      height: job.video.height,
      duration,
      bitrate: source.bitrate ?? Math.round((source.size * 8) / duration),
      hdr: job.video.hdr,
      remuxed: remuxed !== false,
      renditions: {
        video: { path: job.paths.video, mime: 'video/mp4', ...job.size },
        poster: { path: job.paths.poster, mime: 'image/jpeg', ...job.poster },
      },
      metadata: {
        ...describeProbe(source, job.video, job.audio),
        ...(job.video.hdr ? { hdr: job.video.hdr, tone_mapped: job.toneMap } : {}),
        remuxed: remuxed !== false,
      },
    };
  } catch (error) {
    await Promise.all(Object.values(job.paths).map((path) => rm(path, { force: true })));
    throw error;
  }
}

async function plan(
  input: string,
  outDir: string,
  source: MediaProbe,
  limits: MediaLimits,
  profile: VideoProfile,
): Promise<VideoJob> {
  const video = preferred(source.videos.filter((stream) => stream.codec !== null)) ?? source.videos[0];
  if (!video) throw new PermanentError('no_video_frames', 'The file holds no video');
  if (video.codec === null) {
    throw new PermanentError('unsupported_media', 'The video uses a codec that cannot be read');
  }
  if (video.width < 1 || video.height < 1)
    throw new PermanentError('no_video_frames', 'The video holds no frames');
  const features = await ffmpegFeatures();
  const size = outputSize(video, profile);
  return {
    ...{ input, source, video, profile, limits, features, size },
    audio: preferred(source.audios.filter((stream) => stream.codec !== null && stream.channels !== null)),
    poster: posterSize(size, profile),
    posterAt: posterTime(source, video),
    toneMap: video.hdr !== null && features.toneMapping,
    paths: { video: join(outDir, 'video.mp4'), poster: join(outDir, 'poster.jpg') },
  };
}

/** Copies the streams; false when the container's timing or framing does not let them be, so that they are encoded. */
async function tryRemux(job: VideoJob, options: VideoOptions): Promise<FfmpegOutcome | false> {
  try {
    return await run(remuxCommand(job), job, options);
  } catch (error) {
    const code = error instanceof PermanentError || error instanceof TransientError ? error.code : '';
    if (['corrupt_media', 'empty_media', 'ffmpeg_failed'].includes(code)) return false;
    throw error;
  }
}

/** Phones write sound tracks without any sound: those are left out, and only missing pictures are an error. */
async function encode(job: VideoJob, options: VideoOptions): Promise<FfmpegOutcome> {
  try {
    return await run(encodeCommand(job), job, options);
  } catch (error) {
    if (!(error instanceof PermanentError && error.code === 'empty_media')) throw error;
    if (!job.audio) throw noFrames();
    return encode({ ...job, audio: undefined }, options);
  }
}

function run(command: Command, job: VideoJob, options: VideoOptions): Promise<FfmpegOutcome> {
  return runFfmpeg(commandArguments(command), {
    signal: options.signal,
    limits: job.limits,
    durationSeconds: job.source.duration,
    onProgress: options.onProgress,
  });
}

function encodeCommand(job: VideoJob): Command {
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

/** The file is opened twice in the one run, so that finding the poster's frame does not decode the rest. */
function remuxCommand(job: VideoJob): Command {
  const { video, audio } = job;
  return {
    inputs: [inputOf(job), { ...inputOf(job), options: ['-ss', job.posterAt.toFixed(3)] }],
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

/** A video that ends before it says has no frame to seek to: then its first is the poster. */
async function ensurePoster(job: VideoJob, options: VideoOptions): Promise<void> {
  const written = await stat(job.paths.poster).catch(() => undefined);
  if (written && written.size > 0) return;
  const command = { inputs: [inputOf(job)], outputs: [posterOutput(job, 0)] };
  const { frames } = await run(command, job, { ...options, onProgress: undefined });
  if (frames === 0) throw noFrames();
}

function posterOutput(job: VideoJob, input: number) {
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

/** Seconds of the result. */
function checkComplete(outcome: FfmpegOutcome, job: VideoJob): number {
  if (outcome.frames === 0) throw noFrames();
  const made = outcome.seconds ?? 0;
  const declared = job.source.duration;
  // Half a second and a twentieth for tracks of unequal length; more is missing media.
  if (declared !== null && declaresDuration(job.source.demuxer) && made < declared * 0.95 - 0.5) {
    throw new PermanentError('corrupt_media', 'The file is incomplete: its end is missing');
  }
  return declared ?? made;
}

function noFrames(): PermanentError {
  return new PermanentError('no_video_frames', 'The video holds no frames that can be shown');
}

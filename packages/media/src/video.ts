import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError, TransientError } from '@mediaworks/contracts';
import { declaresDuration } from './demuxers.ts';
import { commandArguments, type Command } from './ffmpeg-command.ts';
import { ffmpegFeatures } from './ffmpeg-features.ts';
import { progressPart, runFfmpeg, type FfmpegOutcome } from './ffmpeg.ts';
import { mediaLimits, type MediaLimits } from './limits.ts';
import { describeProbe } from './probe-summary.ts';
import { makePreview } from './preview.ts';
import { probe, type MediaProbe } from './probe.ts';
import type { HdrTransfer } from './probe-streams.ts';
import { encodeCommand, posterCommand, remuxCommand, type VideoJob } from './video-commands.ts';
import {
  complies,
  defaultVideoProfile,
  outputSize,
  posterSize,
  posterTime,
  preferred,
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
  /** Make `preview.webp` too, a short moving picture. */
  readonly preview?: boolean | undefined;
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
  readonly renditions: {
    readonly video: LocalRendition;
    readonly poster: LocalRendition;
    readonly preview?: LocalRendition;
  };
  readonly metadata: Record<string, unknown>;
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
    const main = { ...options, onProgress: progressPart(options.onProgress, 0, options.preview ? 90 : 100) };
    const remuxed = complies(source, job.video, job.audio, job.profile) && (await tryRemux(job, main));
    const outcome = remuxed || (await encode(job, main));
    const duration = checkComplete(outcome, job);
    await ensurePoster(job, options);
    const preview = options.preview ? await previewOf(job, duration, options) : undefined;
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
        ...(preview ? { preview } : {}),
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
    paths: {
      video: join(outDir, 'video.mp4'),
      poster: join(outDir, 'poster.jpg'),
      preview: join(outDir, 'preview.webp'),
    },
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

/** A video that ends before it says has no frame to seek to: then its first is the poster. */
async function ensurePoster(job: VideoJob, options: VideoOptions): Promise<void> {
  const written = await stat(job.paths.poster).catch(() => undefined);
  if (written && written.size > 0) return;
  const { frames } = await run(posterCommand(job), job, { ...options, onProgress: undefined });
  if (frames === 0) throw noFrames();
}

async function previewOf(job: VideoJob, duration: number, options: VideoOptions): Promise<LocalRendition> {
  const source = { path: job.paths.video, size: job.size, duration, from: job.posterAt };
  const size = await makePreview(source, job.paths.preview, {
    ...{ signal: options.signal, limits: job.limits, durationSeconds: duration },
    onProgress: progressPart(options.onProgress, 90, 100),
  });
  return { path: job.paths.preview, mime: 'image/webp', ...size };
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

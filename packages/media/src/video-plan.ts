import { PermanentError } from '@mediaworks/contracts';
import type { FfmpegFeatures } from './ffmpeg-features.ts';
import type { MediaProbe } from './probe.ts';
import type { AudioStream, VideoStream } from './probe-streams.ts';

export interface VideoProfile {
  /** x264's constant rate factor: 0 (lossless) to 51. */
  readonly crf: number;
  /**
   * How hard x264 tries. Measured on one thread, 1080p at CRF 23, against medium: on a grainy zoom veryfast takes
   * 0.42 of the CPU for 1.06 of the size at an SSIM of 0.827 (medium 0.815); on a shaking test picture 0.48 of the
   * CPU for 0.81 of the size at 0.957 (0.958). PSNR differs by 0.3 dB at most. faster takes a third more CPU than
   * veryfast without being surely better or smaller, so veryfast is the default.
   */
  readonly preset: 'ultrafast' | 'superfast' | 'veryfast' | 'faster' | 'fast' | 'medium' | 'slow';
  /** Longer and shorter side of the largest result, in pixels, whichever way up. */
  readonly maxLongSide: number;
  readonly maxShortSide: number;
  /** Frames a second; faster sources lose frames. */
  readonly maxFrameRate: number;
  /** Longest side of the poster, in pixels. */
  readonly posterSide: number;
  /**
   * Most bits per second that a source of 1920×1080 at 30 frames a second may have to be taken over as it is;
   * other sizes and rates are scaled by {@link remuxCap}. 0 encodes everything.
   */
  readonly remuxBitrate: number;
}

export const defaultVideoProfile: VideoProfile = {
  crf: 23,
  preset: 'veryfast',
  maxLongSide: 1920,
  maxShortSide: 1080,
  maxFrameRate: 60,
  posterSide: 1080,
  remuxBitrate: 6_000_000,
};

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Streams are chosen as a player does: the first that is marked default, else the first. */
export function preferred<T extends { isDefault: boolean }>(streams: readonly T[]): T | undefined {
  return streams.find((stream) => stream.isDefault) ?? streams[0];
}

/** The moving picture that a player shows. @throws PermanentError `no_video` */
export function mainVideo({ videos }: { readonly videos: readonly VideoStream[] }): VideoStream {
  const video = preferred(videos.filter((stream) => stream.codec !== null));
  if (!video) throw new PermanentError('no_video', 'The file holds no moving picture');
  return video;
}

/** The size to encode: fits the profile either way up, even, never larger than shown (but at least 2×2). */
export function outputSize(video: Size, profile: VideoProfile): Size {
  const [wide, high] =
    video.width >= video.height
      ? [profile.maxLongSide, profile.maxShortSide]
      : [profile.maxShortSide, profile.maxLongSide];
  const factor = Math.min(1, wide / video.width, high / video.height);
  // An odd line is cropped away where nothing is scaled: scaling by 640/641 would blur every line.
  const even = (side: number) =>
    Math.max(2, factor === 1 ? side - (side % 2) : 2 * Math.round((side * factor) / 2));
  return { width: even(video.width), height: even(video.height) };
}

/** The size of the poster: the video's, with a longest side of at most `posterSide`. */
export function posterSize(size: Size, profile: VideoProfile): Size {
  const factor = Math.min(1, profile.posterSide / Math.max(size.width, size.height));
  const side = (pixels: number) => Math.max(1, Math.round(pixels * factor));
  return { width: side(size.width), height: side(size.height) };
}

/** Where the poster is taken: at one second, or in the middle of what is shorter than two. In seconds. */
export function posterTime(probe: MediaProbe, video: VideoStream): number {
  const duration = video.duration ?? probe.duration;
  return duration !== null && duration < 2 ? duration / 2 : 1;
}

/**
 * The most bits per second at which a source is kept as it is. Pictures twice as large do not need twice the
 * bits: published ladders (1080p, 720p, 480p, 360p at 8, 5, 2.5 and 1 Mb/s) follow pixels^0.75 closely, and so
 * does this, from a level that CRF 23 reaches with lively material. Below it, encoding again would
 * save little and cost a generation; above it, a phone's 17 Mb/s would be served as 17 Mb/s.
 */
function remuxCap(size: Size, frameRate: number, profile: VideoProfile): number {
  const load = (size.width * size.height * frameRate) / (1920 * 1080 * 30);
  return profile.remuxBitrate * load ** 0.75;
}

const h264Profiles = ['Baseline', 'Constrained Baseline', 'Main', 'High'];
const aacProfiles = ['LC', 'HE-AAC', 'HE-AACv2'];

/** True when the streams already are what encoding would give, so that they can be copied. */
export function complies(
  probe: MediaProbe,
  video: VideoStream,
  audio: AudioStream | undefined,
  profile: VideoProfile,
): boolean {
  const size = outputSize(video, profile);
  const frameRate = video.averageFrameRate;
  const bitrate = video.bitrate ?? probe.bitrate;
  return (
    (probe.demuxer === 'mov' || probe.demuxer === 'matroska') &&
    video.codec === 'h264' &&
    h264Profiles.includes(video.profile ?? '') &&
    video.pixelFormat === 'yuv420p' &&
    video.sampleAspectRatio === 1 &&
    video.rotation === 0 &&
    !video.interlaced &&
    video.hdr === null &&
    size.width === video.codedWidth &&
    size.height === video.codedHeight &&
    frameRate !== null &&
    frameRate <= tolerated(profile) &&
    bitrate !== null &&
    bitrate <= remuxCap(size, frameRate, profile) &&
    (audio === undefined || audioComplies(probe, audio))
  );
}

/** AAC for the web: at most stereo, 48 kHz and 192 kb/s, from a container whose AAC is stored as MP4 stores it. */
export function audioComplies(probe: MediaProbe, audio: AudioStream): boolean {
  return (
    (probe.demuxer === 'mov' || probe.demuxer === 'matroska') &&
    audio.codec === 'aac' &&
    aacProfiles.includes(audio.profile ?? '') &&
    (audio.channels ?? 9) <= 2 &&
    (audio.sampleRate ?? Infinity) <= 48_000 &&
    (audio.bitrate ?? 0) <= 192_000
  );
}

/** How frames meet the clock of the output: at their own times (`vfr`), or none added and none dropped. */
export function frameMode(mode: 'vfr' | 'passthrough', features: FfmpegFeatures): string[] {
  return [features.fpsMode ? '-fps_mode' : '-vsync', mode];
}

/** Frames are kept at their own times, on a grid of at most the profile's rate. */
export function frameTiming(video: VideoStream, profile: VideoProfile, features: FfmpegFeatures): string[] {
  const mode = frameMode('vfr', features);
  if (isTooFast(video, profile)) return [...mode, '-r', String(profile.maxFrameRate)];
  const average = video.averageFrameRate ?? 0;
  // A grid far below the frames that there are would drop them.
  if ((video.gridFrameRate ?? 0) >= average * 0.9) return mode;
  return [...mode, '-r', String(Math.min(profile.maxFrameRate, Math.ceil(average)))];
}

/**
 * Filters that leave out frames of a source over the profile's rate; none for others. A steady rate is brought
 * down evenly. A grid of 1000 or 90000 is a screen recording's clock, not a rate: there, only frames that
 * crowd are dropped. (The 2018 ffmpeg's own dropping at `-r` keeps them all.)
 */
export function frameRateFilters(video: VideoStream, profile: VideoProfile): string[] {
  if (!isTooFast(video, profile)) return [];
  if ((video.averageFrameRate ?? 0) > tolerated(profile)) return [`fps=${profile.maxFrameRate}`];
  const gap = (0.9 / profile.maxFrameRate).toFixed(6);
  return [`select='isnan(prev_selected_t)+gte(t-prev_selected_t,${gap})'`];
}

function isTooFast(video: VideoStream, profile: VideoProfile): boolean {
  return Math.max(video.gridFrameRate ?? Infinity, video.averageFrameRate ?? 0) > tolerated(profile);
}

/** 60.1 is 60. */
function tolerated(profile: VideoProfile): number {
  return profile.maxFrameRate * 1.01;
}

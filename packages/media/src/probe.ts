import { stat } from 'node:fs/promises';
import { PermanentError } from '@mediaworks/contracts';
import { exec, ExecError } from '@mediaworks/runtime';
import { fileTypeFromFile } from 'file-type';
import { demuxerOf, localInputOptions, type Demuxer } from './demuxers.ts';
import { fileUrl } from './ffmpeg-command.ts';
import { isEncrypted } from './encryption.ts';
import { explainFailure } from './ffmpeg-errors.ts';
import { childEnvironment } from './ffmpeg.ts';
import { ffprobePath } from './ffmpeg-path.ts';
import { mediaLimits, type MediaLimits } from './limits.ts';
import { ffprobeOutput, type FfprobeOutput } from './probe-schema.ts';
import {
  audioStream,
  isCoverArt,
  positive,
  videoStream,
  type AudioStream,
  type VideoStream,
} from './probe-streams.ts';
import { textTrack, type TextTrack } from './text-tracks.ts';

export interface MediaProbe {
  /** Decided by the streams, not by the name: sound with cover art is sound. */
  readonly kind: 'video' | 'audio';
  readonly demuxer: Demuxer;
  /** ffprobe's name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly format: string;
  /** Seconds; null when the container does not say. */
  readonly duration: number | null;
  /** Bits per second of the whole file; null when unknown. */
  readonly bitrate: number | null;
  readonly size: number;
  /** Moving pictures in file order, without cover art. */
  readonly videos: readonly VideoStream[];
  readonly audios: readonly AudioStream[];
  readonly coverArt: boolean;
  readonly subtitles: number;
  /** Those of the subtitles that are text, in file order. */
  readonly textTracks: readonly TextTrack[];
  /** The only tags that are ever read. */
  readonly tags: { readonly title?: string; readonly artist?: string; readonly album?: string };
}

export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<MediaLimits> | undefined;
}

/** Reading headers takes well under a second; a file that takes this long is made to. */
const PROBE_TIMEOUT_MS = 60_000;

/**
 * What a local file holds. Only containers in demuxers.ts are opened, by content, whatever the name says.
 * @throws PermanentError `empty_media` (no bytes, or no stream in them), `unsupported_media` (not a container or
 * codec that is read; playlists and lists are such), `corrupt_media` (damaged or cut off), `encrypted_media`, `too_large_picture`,
 * `too_long`, `took_too_long`; TransientError; or the signal's reason.
 */
export async function probe(path: string, options: ProbeOptions = {}): Promise<MediaProbe> {
  const limits = mediaLimits(options.limits);
  const { size } = await stat(path);
  if (size === 0) throw new PermanentError('empty_media', 'The file is empty');
  const output = await runFfprobe(path, limits, options.signal);
  const demuxer = demuxerOf(output.format.format_name);
  if (!demuxer) throw notMedia();
  const videos = output.streams
    .filter((stream) => stream.codec_type === 'video' && !isCoverArt(stream))
    .map(videoStream);
  const audios = output.streams.filter((stream) => stream.codec_type === 'audio').map(audioStream);
  const result: MediaProbe = {
    kind: videos.length > 0 ? 'video' : 'audio',
    demuxer,
    format: output.format.format_name,
    duration: positive(output.format.duration),
    bitrate: positive(output.format.bit_rate),
    size,
    videos,
    audios,
    coverArt: output.streams.some(isCoverArt),
    subtitles: output.streams.filter((stream) => stream.codec_type === 'subtitle').length,
    textTracks: output.streams.map(textTrack).filter((track) => track !== undefined),
    tags: tagsOf(output, demuxer),
  };
  refuse(result, limits);
  if (demuxer === 'mov' && (await isEncrypted(path))) {
    throw new PermanentError('encrypted_media', 'The file is encrypted and cannot be read without its key');
  }
  return result;
}

async function runFfprobe(
  path: string,
  limits: MediaLimits,
  signal: AbortSignal | undefined,
): Promise<FfprobeOutput> {
  const input = localInputOptions({ framePixels: limits.framePixels, threads: 1 });
  const args = [
    '-hide_banner',
    '-v',
    'error',
    ...input,
    '-show_format',
    '-show_streams',
    '-of',
    'json',
    fileUrl(path),
  ];
  try {
    const { stdout } = await exec(ffprobePath(), args, {
      ...(signal ? { signal } : {}),
      env: childEnvironment,
      timeoutMs: Math.min(PROBE_TIMEOUT_MS, limits.timeoutMs),
      limits: { memoryBytes: limits.memoryBytes, cpuSeconds: PROBE_TIMEOUT_MS / 1000, fileBytes: 0 },
    });
    return ffprobeOutput.parse(JSON.parse(stdout.toString('utf8')));
  } catch (error) {
    if (error instanceof ExecError && !(await isDamagedMedia(path, error))) throw notMedia(error);
    throw explainFailure(error);
  }
}

/**
 * Tells a damaged video from something else in a file that could not be opened. By its first bytes, because ffprobe
 * goes by the name too: to it, any text called .mp4 is a video without its index.
 */
async function isDamagedMedia(path: string, error: ExecError): Promise<boolean> {
  if (error.exitSignal !== null) return true;
  if (error.stderr.includes('Format not on whitelist')) return false;
  const type = await fileTypeFromFile(path);
  return type !== undefined && /^(video|audio|application\/mxf)/.test(type.mime);
}

function notMedia(cause?: Error): PermanentError {
  const message = 'The file is not a video or sound in a format that can be read';
  return new PermanentError('unsupported_media', message, cause && { cause });
}

function refuse(result: MediaProbe, limits: MediaLimits): void {
  const { videos, audios } = result;
  if (videos.length + audios.length === 0) {
    if (result.coverArt || result.subtitles > 0) throw notMedia();
    throw new PermanentError('empty_media', 'The file holds neither pictures nor sound');
  }
  if (videos.some((video) => video.codedWidth * video.codedHeight > limits.framePixels)) {
    throw new PermanentError('too_large_picture', `A frame may have at most ${limits.framePixels} pixels`);
  }
  if ((result.duration ?? 0) > limits.durationSeconds) {
    throw new PermanentError(
      'too_long',
      `Video and sound may last at most ${limits.durationSeconds} seconds`,
    );
  }
}

/** Ogg keeps its tags with the stream, where elsewhere a track's own name is; and containers disagree on the case. */
function tagsOf(output: FfprobeOutput, demuxer: Demuxer): MediaProbe['tags'] {
  const holders = demuxer === 'ogg' ? [output.format, ...output.streams] : [output.format];
  const found = holders
    .flatMap((holder) => Object.entries(holder.tags ?? {}))
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.slice(0, 500)]);
  const names = ['title', 'artist', 'album'];
  return Object.fromEntries(names.flatMap((name) => found.filter(([key]) => key === name).slice(0, 1)));
}

import type { FfprobeStream } from './probe-schema.ts';

/** Light that a plain screen cannot show: perceptual quantiser (HDR10, Dolby Vision) or hybrid log-gamma. */
export type HdrTransfer = 'pq' | 'hlg';

export interface VideoStream {
  /** Number of the stream in its file. */
  readonly index: number;
  readonly codec: string | null;
  readonly profile: string | null;
  readonly level: number | null;
  readonly pixelFormat: string | null;
  /** Pixels as stored. */
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Pixels as shown: square, and after rotation. */
  readonly width: number;
  readonly height: number;
  /** Width of a stored pixel over its height. */
  readonly sampleAspectRatio: number;
  /** Degrees counter-clockwise that a player turns the picture by: 0 up to 360. */
  readonly rotation: number;
  /** Frames a second over the whole length; null when unknown. */
  readonly averageFrameRate: number | null;
  /** The rate of the finest grid that holds every frame: that of the frames, or more when their rate varies. */
  readonly gridFrameRate: number | null;
  readonly interlaced: boolean;
  readonly colorRange: string | null;
  readonly colorPrimaries: string | null;
  readonly colorTransfer: string | null;
  readonly colorSpace: string | null;
  readonly hdr: HdrTransfer | null;
  /** Bits per second; null when unknown. */
  readonly bitrate: number | null;
  /** Seconds; null when unknown. */
  readonly duration: number | null;
  /** Frames, where the container says; null elsewhere. */
  readonly frames: number | null;
  readonly isDefault: boolean;
}

export interface AudioStream {
  readonly index: number;
  readonly codec: string | null;
  readonly profile: string | null;
  /** Samples a second. */
  readonly sampleRate: number | null;
  readonly channels: number | null;
  readonly bitrate: number | null;
  readonly duration: number | null;
  readonly isDefault: boolean;
}

/** A picture that comes along with sound, not a moving one. */
export function isCoverArt(stream: FfprobeStream): boolean {
  return stream.disposition?.['attached_pic'] === 1 || stream.disposition?.['timed_thumbnails'] === 1;
}

export function videoStream(stream: FfprobeStream): VideoStream {
  const codedWidth = stream.width ?? 0;
  const codedHeight = stream.height ?? 0;
  const sampleAspectRatio = ratio(stream.sample_aspect_ratio, ':') ?? 1;
  const rotation = rotationOf(stream);
  const shownWidth = Math.round(codedWidth * sampleAspectRatio);
  const quarterTurned = Math.round(rotation / 90) % 2 === 1;
  return {
    ...shared(stream),
    level: stream.level !== undefined && stream.level > 0 ? stream.level : null,
    pixelFormat: stream.pix_fmt ?? null,
    codedWidth,
    codedHeight,
    width: quarterTurned ? codedHeight : shownWidth,
    height: quarterTurned ? shownWidth : codedHeight,
    sampleAspectRatio,
    rotation,
    averageFrameRate: ratio(stream.avg_frame_rate, '/'),
    gridFrameRate: ratio(stream.r_frame_rate, '/'),
    interlaced: ['tt', 'bb', 'tb', 'bt'].includes(stream.field_order ?? ''),
    colorRange: known(stream.color_range),
    colorPrimaries: known(stream.color_primaries),
    colorTransfer: known(stream.color_transfer),
    colorSpace: known(stream.color_space),
    hdr: hdrOf(stream.color_transfer),
    frames: positive(stream.nb_frames),
  };
}

export function audioStream(stream: FfprobeStream): AudioStream {
  return { ...shared(stream), sampleRate: positive(stream.sample_rate), channels: stream.channels || null };
}

function shared(stream: FfprobeStream) {
  return {
    index: stream.index,
    codec: known(stream.codec_name),
    profile: known(stream.profile),
    bitrate: positive(stream.bit_rate),
    duration: positive(stream.duration),
    isDefault: stream.disposition?.['default'] === 1,
  };
}

function hdrOf(transfer: string | undefined): HdrTransfer | null {
  if (transfer === 'smpte2084') return 'pq';
  return transfer === 'arib-std-b67' ? 'hlg' : null;
}

/** The display matrix says it; old files and old ffprobes say it clockwise, in a tag. */
function rotationOf(stream: FfprobeStream): number {
  const matrix = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation;
  const degrees = matrix ?? -Number(stream.tags?.['rotate'] ?? 0);
  return Number.isFinite(degrees) ? ((degrees % 360) + 360) % 360 : 0;
}

/** `30000/1001` or `16:15` as a number; null for 0/0 and whatever is not positive. */
function ratio(text: string | undefined, separator: string): number | null {
  const [over = 0, under = 0] = (text ?? '').split(separator).map(Number);
  const value = over / under;
  return Number.isFinite(value) && value > 0 ? value : null;
}

export function positive(text: string | undefined): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}

function known(text: string | undefined): string | null {
  return text === undefined || text === 'unknown' || text === 'reserved' ? null : text;
}

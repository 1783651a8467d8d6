import type { VideoStream } from './probe-streams.ts';
import type { Size } from './video-plan.ts';

/** What the result says about its colours; null is left unsaid. Names as ffmpeg has them. */
export interface ColorTags {
  readonly primaries: string | null;
  readonly transfer: string | null;
  readonly matrix: string | null;
}

const bt709: ColorTags = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709' };

const primaries = ['bt709', 'bt470m', 'bt470bg', 'smpte170m', 'smpte240m', 'film', 'bt2020', 'smpte432'];
const transfers = [
  ...['bt709', 'smpte170m', 'smpte240m', 'linear', 'iec61966-2-1'],
  ...['bt2020-10', 'bt2020-12', 'smpte2084', 'arib-std-b67'],
];
const matrices = ['bt709', 'fcc', 'bt470bg', 'smpte170m', 'smpte240m', 'bt2020nc'];

/** Encoding keeps the source's colours, so it keeps their names; tone mapping and RGB sources end in BT.709. */
export function colorTags(video: VideoStream, converted: boolean): ColorTags {
  if (converted) return bt709;
  return {
    primaries: among(primaries, video.colorPrimaries),
    transfer: among(transfers, video.colorTransfer),
    matrix: among(matrices, video.colorSpace),
  };
}

export function colorOptions(tags: ColorTags): string[] {
  return [
    ...(tags.primaries === null ? [] : ['-color_primaries', tags.primaries]),
    ...(tags.transfer === null ? [] : ['-color_trc', tags.transfer]),
    ...(tags.matrix === null ? [] : ['-colorspace', tags.matrix]),
    '-color_range',
    'tv',
  ];
}

/** The matrix to read the picture by, in the scaler's names; unsaid, players go by the size. */
export function preferredMatrix(tags: ColorTags, size: Size): string {
  if (tags.matrix === null) return Math.max(size.width, size.height) >= 1280 ? 'bt709' : 'bt601';
  if (tags.matrix === 'bt470bg' || tags.matrix === 'smpte170m') return 'bt601';
  return tags.matrix === 'bt2020nc' ? 'bt2020' : tags.matrix;
}

function among(names: readonly string[], name: string | null): string | null {
  return name !== null && names.includes(name) ? name : null;
}

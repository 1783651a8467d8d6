import { preferredMatrix, type ColorTags } from './video-color.ts';
import type { VideoStream } from './probe-streams.ts';
import { frameRateFilters, type Size, type VideoProfile } from './video-plan.ts';

interface FilterGraphInput {
  readonly video: VideoStream;
  readonly profile: VideoProfile;
  readonly size: Size;
  readonly poster: Size;
  /** Seconds. */
  readonly posterAt: number;
  readonly toneMap: boolean;
  readonly tags: ColorTags;
}

/**
 * One decode, two results: `[video]` to encode and `[poster]`, which is the first frame and then, once, the one at
 * `posterAt`. Written over each other they leave the right one, or the first where the video ends earlier than it
 * says. ffmpeg turns the picture by its rotation before the graph.
 */
export function encodeGraph(input: FilterGraphInput): string {
  const at = input.posterAt.toFixed(3);
  return [
    `[0:${input.video.index}]${pictureFilters(input).join(',')},split[video][early]`,
    `[early]select='eq(n,0)+gte(t,${at})*lt(prev_selected_t,${at})',${posterFilter(input)}[poster]`,
  ].join(';');
}

/**
 * Scales to the poster's size in the colours that JPEG readers assume: BT.601, full range. By way of RGB, since
 * the 2018 scaler forgets the range when it has to change the matrix too.
 */
export function posterFilter(input: Pick<FilterGraphInput, 'poster' | 'tags' | 'size'>): string {
  const { width, height } = input.poster;
  const matrix = preferredMatrix(input.tags, input.size);
  return [
    `scale=${width}:${height}:flags=bicubic+accurate_rnd+full_chroma_int:in_color_matrix=${matrix}`,
    'format=rgb24',
    'setsar=1',
    'scale=flags=accurate_rnd+full_chroma_inp:out_color_matrix=bt601:out_range=pc',
    'format=yuvj420p',
  ].join(',');
}

function pictureFilters(input: FilterGraphInput): string[] {
  const { video, size } = input;
  const filters: string[] = [];
  if (video.interlaced) filters.push(deinterlace(video));
  filters.push(...frameRateFilters(video, input.profile));
  // Without this, one odd line would make the scaler stretch the whole picture by a hair.
  const cropped = video.width - size.width + (video.height - size.height);
  if (cropped > 0 && cropped <= 2 && video.sampleAspectRatio === 1 && size.width > 2 && size.height > 2) {
    filters.push(`crop=${size.width}:${size.height}:0:0`);
  }
  filters.push(...(input.toneMap ? toneMap(video, size) : [scale(video, size)]));
  // The scaler stays even where it has nothing to do (it then passes frames through): a stream that changes its
  // size on the way comes out in one size.
  return [...filters, 'setsar=1', 'format=yuv420p'];
}

/** Codecs that mark each frame are believed, so that progressive frames in between keep their detail. */
function deinterlace(video: VideoStream): string {
  const marksFrames = ['h264', 'mpeg2video', 'vc1', 'dvvideo', 'hevc'].includes(video.codec ?? '');
  return `yadif=mode=send_frame:deint=${marksFrames ? 'interlaced' : 'all'}`;
}

function scale(video: VideoStream, size: Size): string {
  const options = [`scale=${size.width}:${size.height}:flags=bicubic`];
  if (isFullRange(video)) options.push('in_range=pc', 'out_range=tv');
  if (isRgb(video)) options.push('out_color_matrix=bt709', 'out_range=tv');
  return options.join(':');
}

/** In linear light: scale, map BT.2020 to BT.709, compress the highlights by Hable's curve, and back to video. */
function toneMap(video: VideoStream, size: Size): string[] {
  const transfer = video.hdr === 'hlg' ? 'arib-std-b67' : 'smpte2084';
  return [
    // Said outright, because what the container says does not reach the frames in every version.
    `zscale=w=${size.width}:h=${size.height}:tin=${transfer}:min=bt2020nc:pin=bt2020:rin=${isFullRange(video) ? 'pc' : 'tv'}:t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    'tonemap=tonemap=hable:desat=0',
    'zscale=t=bt709:m=bt709:r=tv',
  ];
}

function isFullRange(video: VideoStream): boolean {
  return video.colorRange === 'pc' || (video.pixelFormat ?? '').startsWith('yuvj');
}

export function isRgb(video: VideoStream): boolean {
  return /^(gbr|[ar]*(rgb|bgr)|0rgb|0bgr|pal8|x2rgb|x2bgr)/.test(video.pixelFormat ?? '');
}

/**
 * The containers that are opened, by ffmpeg's demuxer names. Playlists and lists (hls, dash, concat, sdp, imf),
 * numbered pictures, subtitles and devices are left out: they open other files and addresses, whatever the
 * upload is named. So are bare video streams, which almost any bytes can be taken for.
 */
const demuxers = [
  'mov',
  'matroska',
  'avi',
  'flv',
  'mpeg',
  'mpegts',
  'asf',
  'mxf',
  'dv',
  'ogg',
  'mp3',
  'wav',
  'w64',
  'aac',
  'flac',
  'aiff',
  'amr',
  'caf',
  'ac3',
  'eac3',
  'au',
  'wv',
] as const;

export type Demuxer = (typeof demuxers)[number];

/** The demuxer to force for a format as ffprobe names it (`mov,mp4,m4a,…`), or undefined if none is allowed. */
export function demuxerOf(formatName: string): Demuxer | undefined {
  const names = formatName.split(',');
  return demuxers.find((demuxer) => names.includes(demuxer));
}

/** Containers whose header says how long they are, so that a shorter result means that the end is missing. */
export function declaresDuration(demuxer: Demuxer): boolean {
  return demuxer === 'mov' || demuxer === 'matroska' || demuxer === 'avi' || demuxer === 'flac';
}

/** Containers that list their key frames, so that seeking leads to the one before the wanted moment. */
export function hasIndex(demuxer: Demuxer): boolean {
  return demuxer === 'mov' || demuxer === 'matroska' || demuxer === 'avi';
}

export interface LocalInputOptions {
  /** Forced instead of guessed, once the probe has told it. */
  readonly demuxer?: Demuxer;
  /** Larger frames are refused by the decoder, also where they appear in mid-stream. In pixels. */
  readonly framePixels: number;
  /** Decoder threads, at least 1. */
  readonly threads: number;
}

/**
 * Options before `-i` that keep an input to itself: local files only, the containers above only (the list is
 * handed down to whatever a demuxer opens inside), frames up to a size.
 */
export function localInputOptions(options: LocalInputOptions): string[] {
  return [
    ...['-protocol_whitelist', 'file,pipe', '-format_whitelist', demuxers.join(',')],
    ...['-max_pixels', String(options.framePixels), '-threads', String(options.threads)],
    ...(options.demuxer === undefined ? [] : ['-f', options.demuxer]),
  ];
}

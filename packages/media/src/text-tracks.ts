import { commandArguments } from './ffmpeg-command.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { mediaLimits, type MediaLimits } from './limits.ts';
import type { FfprobeStream } from './probe-schema.ts';
import type { MediaProbe } from './probe.ts';

/** Subtitles that are text. Those that are pictures (of DVDs, Blu-rays, broadcasts) are not among them. */
export interface TextTrack {
  /** Number of the stream in its file. */
  readonly index: number;
  readonly codec: TextCodec;
  /** As the container writes it, such as `eng`, `pt-BR` or `und`; null when it does not say. */
  readonly language: string | null;
  readonly isDefault: boolean;
  /** Only what is said in a foreign language, for those who understand the rest. */
  readonly isForced: boolean;
}

/** By codec, how it is taken out: as it is where it has a file format of its own, else as SubRip. */
const ways = {
  ass: { codec: 'copy', format: 'ass' },
  ssa: { codec: 'copy', format: 'ass' },
  subrip: { codec: 'copy', format: 'srt' },
  webvtt: { codec: 'copy', format: 'webvtt' },
  text: { codec: 'srt', format: 'srt' },
  mov_text: { codec: 'srt', format: 'srt' },
  eia_608: { codec: 'srt', format: 'srt' },
} as const;

export type TextCodec = keyof typeof ways;

/** Captions of a day are under a megabyte. */
const MOST_BYTES = 64 * 2 ** 20;

export function textTrack(stream: FfprobeStream): TextTrack | undefined {
  if (stream.codec_type !== 'subtitle' || !isTextCodec(stream.codec_name)) return undefined;
  return {
    index: stream.index,
    codec: stream.codec_name,
    language: stream.tags?.['language'] ?? null,
    isDefault: stream.disposition?.['default'] === 1,
    isForced: stream.disposition?.['forced'] === 1,
  };
}

export interface TextTrackOptions {
  readonly probe: MediaProbe;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<MediaLimits> | undefined;
}

/**
 * Writes a text track of a video to a file: SubRip, WebVTT or ASS, times counted from the video's beginning. A track
 * with nothing in it makes an empty file, or one with a header alone.
 * @throws PermanentError | TransientError as for every run of ffmpeg, or the signal's reason.
 */
export async function extractTextTrack(
  path: string,
  track: TextTrack,
  outFile: string,
  options: TextTrackOptions,
): Promise<void> {
  const limits = { ...mediaLimits(options.limits), outputBytes: MOST_BYTES };
  const { codec, format } = ways[track.codec];
  const args = commandArguments({
    inputs: [
      {
        path,
        demuxer: options.probe.demuxer,
        framePixels: limits.framePixels,
        threads: limits.threads,
      },
    ],
    outputs: [{ target: outFile, options: ['-map', `0:${track.index}`, '-c:s', codec, '-f', format] }],
  });
  await runFfmpeg(args, { signal: options.signal, limits, durationSeconds: options.probe.duration });
}

function isTextCodec(name: string | undefined): name is TextCodec {
  return name !== undefined && Object.hasOwn(ways, name);
}

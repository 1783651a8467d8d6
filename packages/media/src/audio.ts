import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '@mediaworks/contracts';
import { declaresDuration } from './demuxers.ts';
import { commandArguments, type Command, type CommandInput, type CommandOutput } from './ffmpeg-command.ts';
import { progressPart, runFfmpeg, type FfmpegOptions, type FfmpegOutcome } from './ffmpeg.ts';
import { mediaLimits, type MediaLimits } from './limits.ts';
import { measureLoudness, normalizeFilter, type LoudnessMeasurement } from './loudness.ts';
import { describeProbe } from './probe-summary.ts';
import { probe, type MediaProbe } from './probe.ts';
import type { AudioStream } from './probe-streams.ts';
import type { LocalRendition, TranscodeOptions } from './video.ts';
import { preferred } from './video-plan.ts';
import { WaveformBuilder } from './waveform.ts';

export interface AudioProfile {
  /** Bring the loudness to −16 LUFS (EBU R128) with true peaks at most −1.5 dBTP. */
  readonly loudness: boolean;
  /** Write `waveform.json` too, in the audiowaveform format. */
  readonly waveform: boolean;
}

export interface AudioOptions extends TranscodeOptions {
  readonly profile?: Partial<AudioProfile> | undefined;
}

export interface TranscodedAudio {
  /** Seconds. */
  readonly duration: number;
  /** Bits per second of the source; null when unknown. */
  readonly bitrate: number | null;
  /** True when the stream was copied, not encoded again. */
  readonly remuxed: boolean;
  readonly renditions: { readonly audio: LocalRendition; readonly waveform?: LocalRendition };
  readonly metadata: Record<string, unknown>;
}

const SAMPLE_RATE = 44_100;
const BITRATE = 128_000;

interface AudioJob {
  readonly input: CommandInput;
  readonly source: MediaProbe;
  readonly audio: AudioStream;
  readonly limits: MediaLimits;
  readonly copy: boolean;
  readonly loudness: LoudnessMeasurement | null;
  readonly path: string;
}

/**
 * Makes sound web-ready, into `outDir` as `audio.mp3`: MP3 of 128 kb/s at 44.1 kHz, mono staying mono and more
 * than two channels becoming stereo. Title, artist and album are kept; cover art and every other tag are not. Of
 * several tracks the default one is taken, else the first. An MP3 that already is so is copied.
 *
 * @throws PermanentError `no_audio_samples`, `corrupt_media` (also when the end is missing), the codes of
 * {@link probe} and of {@link runFfmpeg}; TransientError; or the signal's reason. Nothing is left in `outDir` then.
 */
export async function transcodeAudio(
  input: string,
  outDir: string,
  options: AudioOptions = {},
): Promise<TranscodedAudio> {
  const limits = mediaLimits(options.limits);
  const source = options.probe ?? (await probe(input, options));
  const audio = preferred(source.audios.filter((stream) => stream.codec !== null)) ?? source.audios[0];
  if (!audio) throw noSamples();
  if (audio.codec === null)
    throw new PermanentError('unsupported_media', 'The sound uses a codec that cannot be read');
  const profile: AudioProfile = { loudness: false, waveform: false, ...options.profile };
  const commandInput = {
    path: input,
    demuxer: source.demuxer,
    framePixels: limits.framePixels,
    threads: limits.threads,
  };
  const run: FfmpegOptions = { signal: options.signal, limits, durationSeconds: source.duration };

  await mkdir(outDir, { recursive: true });
  const path = join(outDir, 'audio.mp3');
  const waveformPath = join(outDir, 'waveform.json');
  try {
    const loudness = profile.loudness
      ? await measureLoudness(commandInput, audio.index, {
          ...run,
          onProgress: progressPart(options.onProgress, 0, 50),
        })
      : null;
    const copy = loudness === null && complies(source, audio);
    const job: AudioJob = { input: commandInput, source, audio, limits, copy, loudness, path };
    const onProgress = progressPart(options.onProgress, profile.loudness ? 50 : 0, 100);
    const outcome = profile.waveform
      ? await encodeWithWaveform(job, { ...run, onProgress }, waveformPath)
      : await runFfmpeg(commandArguments(encodeCommand(job, false)), { ...run, onProgress });
    const duration = checkComplete(outcome, source);
    return {
      duration,
      bitrate: audio.bitrate ?? source.bitrate,
      remuxed: copy,
      renditions: {
        audio: { path, mime: 'audio/mpeg', width: null, height: null },
        ...(profile.waveform
          ? { waveform: { path: waveformPath, mime: 'application/json', width: null, height: null } }
          : {}),
      },
      metadata: {
        ...describeProbe(source, undefined, audio),
        ...source.tags,
        cover_art: source.coverArt,
        ...(profile.loudness ? { loudness_lufs: loudness?.input_i ?? null } : {}),
        remuxed: copy,
      },
    };
  } catch (error) {
    await Promise.all([path, waveformPath].map((file) => rm(file, { force: true })));
    throw error instanceof PermanentError && error.code === 'empty_media' ? noSamples() : error;
  }
}

function complies(source: MediaProbe, audio: AudioStream): boolean {
  return (
    source.demuxer === 'mp3' &&
    audio.codec === 'mp3' &&
    audio.sampleRate === SAMPLE_RATE &&
    (audio.channels ?? 9) <= 2 &&
    (audio.bitrate ?? Infinity) <= BITRATE
  );
}

/** The samples for the waveform come out of the same run, so that nothing is decoded twice. */
async function encodeWithWaveform(job: AudioJob, run: FfmpegOptions, path: string): Promise<FfmpegOutcome> {
  const builder = new WaveformBuilder(SAMPLE_RATE);
  const args = commandArguments(encodeCommand(job, true));
  const outcome = await runFfmpeg(args, { ...run, onStdout: (stdout) => builder.read(stdout) });
  await writeFile(path, JSON.stringify(builder.finish()));
  return outcome;
}

function encodeCommand(job: AudioJob, withSamples: boolean): Command {
  const map = ['-map', `0:${job.audio.index}`];
  const filter = job.loudness ? ['-af', normalizeFilter(job.loudness)] : [];
  const channels = Math.min(2, job.audio.channels ?? 2);
  const codec = job.copy
    ? ['-c:a', 'copy']
    : [
        ...['-c:a', 'libmp3lame', '-b:a', String(BITRATE), '-ar', String(SAMPLE_RATE)],
        '-ac',
        String(channels),
      ];
  const tags = Object.entries(job.source.tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]);
  const strip = ['-map_metadata', '-1', '-map_chapters', '-1', ...tags, '-id3v2_version', '3'];
  const threads = ['-threads', String(job.limits.threads)];
  const mp3: CommandOutput = {
    target: job.path,
    options: [...map, ...filter, ...codec, ...strip, ...threads, '-f', 'mp3'],
  };
  const samples: CommandOutput = {
    target: 'pipe:1',
    options: [...map, ...filter, '-c:a', 'pcm_s16le', '-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le'],
  };
  return { inputs: [job.input], outputs: withSamples ? [mp3, samples] : [mp3] };
}

/** Seconds of the result. */
function checkComplete(outcome: FfmpegOutcome, source: MediaProbe): number {
  const made = outcome.seconds ?? 0;
  if (made <= 0) throw noSamples();
  if (source.duration !== null && declaresDuration(source.demuxer) && made < source.duration * 0.95 - 0.5) {
    throw new PermanentError('corrupt_media', 'The file is incomplete: its end is missing');
  }
  return source.duration ?? made;
}

function noSamples(): PermanentError {
  return new PermanentError('no_audio_samples', 'The file holds no sound');
}

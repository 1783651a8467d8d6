import { PermanentError } from '@mediaworks/contracts';
import { commandArguments } from './ffmpeg-command.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { mediaLimits, type MediaLimits } from './limits.ts';
import type { MediaProbe } from './probe.ts';
import { preferred } from './video-plan.ts';

export interface SpeechOptions {
  readonly probe: MediaProbe;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<MediaLimits> | undefined;
  /** Whole percents, 0–100. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

/** Samples a second that speech recognition works with. */
const SPEECH_RATE = 16_000;

/**
 * Writes what is heard as speech recognition wants it: a WAV of signed 16-bit mono at 16 kHz, 115 MB an hour. Its first
 * sample is at the video's beginning, and where the sound has gaps it has silence, so that its clock is the video's. Of
 * several tracks the default one is taken, else the first.
 * @throws PermanentError `no_audio_samples` and what every run of ffmpeg may; TransientError; or the signal's reason.
 */
export async function extractSpeech(path: string, outFile: string, options: SpeechOptions): Promise<void> {
  const limits = mediaLimits(options.limits);
  const { demuxer, audios, duration } = options.probe;
  const audio = preferred(audios.filter((stream) => stream.codec !== null));
  if (!audio) throw noSamples();
  const args = commandArguments({
    inputs: [{ path, demuxer, framePixels: limits.framePixels, threads: limits.threads }],
    outputs: [
      {
        target: outFile,
        options: [
          ...['-map', `0:${audio.index}`, '-af', `aresample=${SPEECH_RATE}:async=1:first_pts=0`],
          ...['-ac', '1', '-c:a', 'pcm_s16le', '-map_metadata', '-1', '-bitexact', '-f', 'wav'],
        ],
      },
    ],
  });
  const { signal, onProgress } = options;
  try {
    const outcome = await runFfmpeg(args, { signal, limits, durationSeconds: duration, onProgress });
    if ((outcome.seconds ?? 0) <= 0) throw noSamples();
  } catch (error) {
    throw error instanceof PermanentError && error.code === 'empty_media' ? noSamples() : error;
  }
}

function noSamples(): PermanentError {
  return new PermanentError('no_audio_samples', 'The file holds no sound');
}

import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError, TransientError } from '@mediaworks/contracts';
import {
  extractSpeech,
  extractTextTrack,
  type MediaLimits,
  type MediaProbe,
  type TextTrack,
} from '@mediaworks/media';
import type { Subtitles, Transcript } from './cue.ts';
import { languageTag } from './language.ts';
import { readSubtitles, refuseTooLarge } from './parse-cues.ts';
import type { SpeechRecogniser } from './recogniser.ts';

export interface TranscriptOptions {
  /** Path of the video. */
  readonly video: string;
  readonly probe: MediaProbe;
  /** Path of a subtitle file that came with it. */
  readonly uploaded?: string | undefined;
  /** That file's name as it was uploaded: its language may be in it. */
  readonly uploadedName?: string | undefined;
  /** A folder of the job's own. */
  readonly tmp: string;
  readonly signal: AbortSignal;
  readonly limits?: Partial<MediaLimits> | undefined;
  readonly recogniser?: SpeechRecogniser | undefined;
  /** Whole percents, 0–100, each larger than the one before. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

const none: Transcript = { source: 'none', language: null, model: null, cues: [] };
/** Percent of the way when the sound has been taken out of the video; recognising it takes the rest. */
const SOUND_IS_OUT = 10;

/**
 * What is said in a video, from the first of these that has any words: the uploaded file, a text track in the video
 * (the default one first), speech recognition. None of them is no error: the transcript then is empty and says so.
 * @throws PermanentError `unsupported_subtitle` or `too_large_subtitle` for the uploaded file; TransientError; or the
 * signal's reason.
 */
export async function readTranscript(options: TranscriptOptions): Promise<Transcript> {
  const transcript =
    (await readUploaded(options)) ?? (await readEmbedded(options)) ?? (await readSpeech(options)) ?? none;
  options.onProgress?.(100);
  return transcript;
}

async function readUploaded({
  uploaded,
  uploadedName,
  signal,
}: TranscriptOptions): Promise<Transcript | null> {
  if (uploaded === undefined) return null;
  const { cues, language } = await readSubtitleFile(uploaded, signal, uploadedName);
  return cues.length > 0 ? { source: 'uploaded', language, model: null, cues } : null;
}

async function readEmbedded(options: TranscriptOptions): Promise<Transcript | null> {
  for (const track of inOrder(options.probe.textTracks)) {
    const file = join(options.tmp, `text-track-${track.index}`);
    try {
      await extractTextTrack(options.video, track, file, options);
      const { cues, language } = await readSubtitleFile(file, options.signal);
      if (cues.length > 0) {
        return { source: 'embedded', language: languageTag(track.language) ?? language, model: null, cues };
      }
    } catch (error) {
      // The video was not made for its captions: damaged ones are as good as none.
      if (!isUnreadable(error)) throw error;
    } finally {
      await rm(file, { force: true });
    }
  }
  return null;
}

/** As a player chooses: the default track, else the first; one for foreign passages only when there is no other. */
function inOrder(tracks: readonly TextTrack[]): TextTrack[] {
  const rank = (track: TextTrack) => (track.isForced ? 2 : 0) + (track.isDefault ? 0 : 1);
  return tracks.toSorted((a, b) => rank(a) - rank(b));
}

function isUnreadable(error: unknown): boolean {
  if (error instanceof TransientError) return error.code === 'ffmpeg_failed';
  return error instanceof PermanentError;
}

async function readSpeech(options: TranscriptOptions): Promise<Transcript | null> {
  const { video, probe, tmp, signal, limits, recogniser, onProgress } = options;
  if (!recogniser || probe.audios.every((audio) => audio.codec === null)) return null;
  const wav = join(tmp, 'speech.wav');
  let told = 0;
  const part = (from: number, to: number) => (percent: number) => {
    const now = Math.min(99, Math.floor(from + (percent * (to - from)) / 100));
    if (now > told) onProgress?.((told = now));
  };
  try {
    await extractSpeech(video, wav, { probe, signal, limits, onProgress: part(0, SOUND_IS_OUT) });
    const { language, cues } = await recogniser.recognise(wav, {
      signal,
      onProgress: part(SOUND_IS_OUT, 100),
    });
    if (cues.length === 0) return null;
    const sorted = cues.toSorted((a, b) => a.start - b.start);
    return { source: 'recognised', language, model: recogniser.model, cues: sorted };
  } catch (error) {
    // A track of sound with nothing in it says nothing.
    if (error instanceof PermanentError && error.code === 'no_audio_samples') return null;
    throw error;
  } finally {
    await rm(wav, { force: true });
  }
}

/** Its size is looked at first: a file that is too large is never read. */
async function readSubtitleFile(path: string, signal: AbortSignal, name?: string): Promise<Subtitles> {
  refuseTooLarge((await stat(path)).size);
  return readSubtitles(await readFile(path, { signal }), name);
}

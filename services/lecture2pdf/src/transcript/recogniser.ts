import type { Cue } from './cue.ts';

export interface RecogniseOptions {
  readonly signal: AbortSignal;
  /** Whole percents, 0–100, each larger than the one before. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

export interface Recognised {
  /** BCP 47; null when the model does not tell. */
  readonly language: string | null;
  readonly cues: readonly Cue[];
}

/** Turns speech into text. What it does not understand it leaves out; it makes nothing up. */
export interface SpeechRecogniser {
  /** The model's name, for the manifest. */
  readonly model: string;
  /**
   * @param wavPath 16-bit mono at 16 kHz, as `extractSpeech` writes it. Of any length: it is read in pieces.
   * @throws TransientError `recognition_failed`, or the signal's reason.
   */
  recognise(wavPath: string, options: RecogniseOptions): Promise<Recognised>;
}

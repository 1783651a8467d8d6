import type { AsrManifest } from './asr-model.ts';
import { SPEECH_RATE } from './wav-samples.ts';

/** What the recogniser's process is told. */
export interface SherpaTask {
  readonly model: AsrManifest;
  readonly threads: number;
  /** The module to load, `sherpa-onnx-node` or a stand-in with the same interface. */
  readonly engine: string;
  /** Without it, the models are loaded and nothing is recognised. */
  readonly wav: string | null;
}

/** What it answers, a JSON a line. */
export type SherpaAnswer =
  | { readonly progress: number }
  | { readonly start: number; readonly end: number; readonly text: string; readonly language: string | null }
  | { readonly done: true };

/** Seconds of speech at a time: Whisper throws away what is beyond 30, Moonshine fails from about 10 on. */
export const longestPiece: Readonly<Record<AsrManifest['type'], number>> = {
  whisper: 20,
  moonshine: 8,
  transducer: 20,
};

export function recogniserConfig({ model, threads }: SherpaTask): Record<string, unknown> {
  return {
    featConfig: { sampleRate: SPEECH_RATE, featureDim: 80 },
    modelConfig: {
      ...engineConfig(model),
      tokens: model.tokens,
      numThreads: threads,
      provider: 'cpu',
      debug: 0,
    },
  };
}

function engineConfig(model: AsrManifest): Record<string, unknown> {
  switch (model.type) {
    case 'whisper': {
      const language = model.language?.split('-')[0] ?? '';
      return { whisper: { encoder: model.encoder, decoder: model.decoder, language, task: 'transcribe' } };
    }
    case 'moonshine': {
      const { encoder, merged_decoder, preprocessor, uncached_decoder, cached_decoder } = model;
      const first = { preprocessor, uncachedDecoder: uncached_decoder, cachedDecoder: cached_decoder };
      return { moonshine: { encoder, ...(merged_decoder ? { mergedDecoder: merged_decoder } : first) } };
    }
    case 'transducer': {
      const { encoder, decoder, joiner, model_type } = model;
      return { transducer: { encoder, decoder, joiner }, modelType: model_type };
    }
  }
}

export function vadConfig({ model }: SherpaTask): Record<string, unknown> {
  return {
    sileroVad: {
      model: model.vad,
      threshold: 0.5,
      minSilenceDuration: 0.5,
      minSpeechDuration: 0.25,
      // It then takes any short pause for an end, so that cues stay short.
      maxSpeechDuration: longestPiece[model.type] * 0.6,
      windowSize: 512,
    },
    sampleRate: SPEECH_RATE,
    numThreads: 1,
    debug: 0,
  };
}

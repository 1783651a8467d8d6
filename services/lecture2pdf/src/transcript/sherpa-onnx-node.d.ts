/** What is used of it; the package has no types of its own. */
declare module 'sherpa-onnx-node' {
  export interface Samples {
    /** −1 to 1. */
    readonly samples: Float32Array;
    readonly sampleRate: number;
  }
  export interface OfflineStream {
    acceptWaveform(wave: Samples): void;
  }
  export interface OfflineResult {
    readonly text: string;
    /** Whisper's name of the language; empty where the model knows none. */
    readonly lang?: string;
  }
  export class OfflineRecognizer {
    constructor(config: Record<string, unknown>);
    createStream(): OfflineStream;
    decode(stream: OfflineStream): void;
    getResult(stream: OfflineStream): OfflineResult;
  }
  export interface SpeechSegment {
    /** Number of its first sample. */
    readonly start: number;
    readonly samples: Float32Array;
  }
  export class Vad {
    constructor(config: Record<string, unknown>, bufferSizeInSeconds: number);
    acceptWaveform(samples: Float32Array): void;
    isEmpty(): boolean;
    front(enableExternalBuffer?: boolean): SpeechSegment;
    pop(): void;
    flush(): void;
  }
}

export { assignCues, type SpokenRange } from './assign-cues.ts';
export type { Cue, Subtitles, Transcript } from './cue.ts';
export { parseCues, readSubtitles } from './parse-cues.ts';
export { readTranscript, type TranscriptOptions } from './read-transcript.ts';
export type { Recognised, RecogniseOptions, SpeechRecogniser } from './recogniser.ts';
export { openSherpaRecogniser, type SherpaOptions } from './sherpa-recogniser.ts';
export { writeSrt } from './write-srt.ts';

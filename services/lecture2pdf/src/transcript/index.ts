export { assignCues } from './assign-cues.ts';
export { readTranscript } from './read-transcript.ts';
export type { SpeechRecogniser } from './recogniser.ts';
export { openSherpaRecogniser } from './sherpa-recogniser.ts';
export { writeSrt } from './write-srt.ts';

/**
 * Recognises the speech of one file, in a process of its own: it takes all of a core for minutes, ends the process
 * where a model is damaged, and can be killed at any moment. Takes a SherpaTask as its argument.
 */
import { writeSync } from 'node:fs';
import type { OfflineRecognizer } from 'sherpa-onnx-node';
import {
  longestPiece,
  recogniserConfig,
  type SherpaAnswer,
  type SherpaTask,
  vadConfig,
} from './sherpa-config.ts';
import { speechPieces } from './speech-pieces.ts';
import { SPEECH_RATE, wavWindows } from './wav-samples.ts';

/** What the detector keeps of the past at first; it grows with the longest speech without a pause. Seconds. */
const VAD_BUFFER = 60;

const task = JSON.parse(process.argv[2] ?? '') as SherpaTask;
const loaded = (await import(task.engine)) as {
  default?: typeof import('sherpa-onnx-node');
} & typeof import('sherpa-onnx-node');
const { OfflineRecognizer: Recognizer, Vad } = loaded.default ?? loaded;
const recognizer = new Recognizer(recogniserConfig(task));
const vad = new Vad(vadConfig(task), VAD_BUFFER);

if (task.wav !== null) {
  let percent = 0;
  for await (const { samples, done } of wavWindows(task.wav)) {
    vad.acceptWaveform(samples);
    recogniseSegments();
    const now = Math.min(99, Math.floor(done * 100));
    if (now > percent) answer({ progress: (percent = now) });
  }
  vad.flush();
  recogniseSegments();
}
answer({ done: true });

function recogniseSegments(): void {
  while (!vad.isEmpty()) {
    // Its own copy, since the detector's memory goes with pop().
    const segment = vad.front(false);
    vad.pop();
    for (const piece of speechPieces(segment.samples, SPEECH_RATE, longestPiece[task.model.type])) {
      const start = (segment.start + piece.start) / SPEECH_RATE;
      const { text, language } = recognise(recognizer, piece.samples);
      if (text !== '') answer({ start, end: start + piece.samples.length / SPEECH_RATE, text, language });
    }
  }
}

function recognise(
  using: OfflineRecognizer,
  samples: Float32Array,
): { text: string; language: string | null } {
  const stream = using.createStream();
  stream.acceptWaveform({ samples, sampleRate: SPEECH_RATE });
  using.decode(stream);
  const { text, lang } = using.getResult(stream);
  return { text: text.trim(), language: lang === undefined || lang === '' ? null : lang };
}

/** At once: the native library may end the process with its next call. */
function answer(line: SherpaAnswer): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

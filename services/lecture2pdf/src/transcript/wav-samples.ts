import { open } from 'node:fs/promises';

/** Samples a second of what `extractSpeech` writes. */
export const SPEECH_RATE = 16_000;
/** Samples in a window: what the voice activity detector takes at a time. */
const WINDOW = 512;
/** Bytes read at a time. */
const PIECE = WINDOW * 2 * 64;

export interface Window {
  /** −1 to 1; the last one of a file may be shorter. */
  readonly samples: Float32Array;
  /** How much of the file has been read, 0–1. */
  readonly done: number;
}

/**
 * The samples of a WAV of 16-bit mono at 16 kHz, a window of 512 at a time, in bounded memory. The header's sizes are
 * not believed: it is written before the end is known.
 * @throws Error for another kind of file.
 */
export async function* wavWindows(path: string): AsyncGenerator<Window> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    let position = await dataStart(file);
    const from = position;
    const piece = Buffer.alloc(PIECE);
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, PIECE, position);
      const whole = bytesRead - (bytesRead % 2);
      if (whole === 0) return;
      position += whole;
      for (let at = 0; at < whole; at += WINDOW * 2) {
        const length = Math.min(WINDOW * 2, whole - at) / 2;
        const samples = new Float32Array(length);
        for (let n = 0; n < length; n++) samples[n] = piece.readInt16LE(at + 2 * n) / 32_768;
        yield { samples, done: (position - whole + at + 2 * length - from) / Math.max(1, size - from) };
      }
    }
  } finally {
    await file.close();
  }
}

async function dataStart(file: Awaited<ReturnType<typeof open>>): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
  const head = buffer.subarray(0, bytesRead);
  const isWave = head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE';
  let format: Buffer | undefined;
  for (let at = 12; isWave && at + 8 <= head.length;) {
    const name = head.toString('latin1', at, at + 4);
    if (name === 'fmt ') format = head.subarray(at + 8, at + 24);
    if (name === 'data' && format && isSpeech(format)) return at + 8;
    at += 8 + head.readUInt32LE(at + 4);
  }
  throw new Error('Not a WAV of 16-bit mono at 16 kHz');
}

function isSpeech(format: Buffer): boolean {
  return (
    format.length === 16 &&
    format.readUInt16LE(2) === 1 &&
    format.readUInt32LE(4) === SPEECH_RATE &&
    format.readUInt16LE(14) === 16
  );
}

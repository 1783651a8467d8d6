import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runFfmpegPlainly } from '@mediaworks/media/fixtures';
import { openSherpaRecogniser, type SherpaOptions } from './sherpa-recogniser.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const nodeArguments = ['--import', here('../../../../scripts/run-source.mjs'), here('./recognise-main.ts')];

/**
 * A stand-in with the interface of sherpa-onnx-node: loud samples are speech, silence of 0.25 s ends it, and what it
 * hears is how long the speech was and how loud.
 */
const engine = `
exports.OfflineRecognizer = class {
  constructor(config) {
    this.name = require('node:fs').readFileSync(config.modelConfig.whisper.encoder, 'utf8');
    this.pidFile = config.modelConfig.tokens + '.pid';
    if (this.name === 'damaged') { process.stderr.write('bad model: damaged'); process.exit(0); }
  }
  createStream() { return { acceptWaveform(wave) { this.wave = wave; } }; }
  decode(stream) {
    if (this.name === 'stuck') {
      const { renameSync, writeFileSync } = require('node:fs');
      writeFileSync(this.pidFile + '.new', String(process.pid));
      renameSync(this.pidFile + '.new', this.pidFile);
      for (;;);
    }
    if (this.name === 'crashing') process.abort();
    const { samples, sampleRate } = stream.wave;
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    stream.result = { text: ' ' + (samples.length / sampleRate).toFixed(1) + ' at ' + loudest.toFixed(1) + ' ', lang: loudest > 0.7 ? 'fr' : 'en' };
  }
  getResult(stream) { return stream.result; }
};
exports.Vad = class {
  constructor() { this.found = []; this.now = []; this.at = 0; this.quiet = 0; console.log('library noise'); }
  acceptWaveform(samples) {
    for (const sample of samples) {
      this.at++;
      this.now.push(sample);
      this.quiet = Math.abs(sample) > 0.01 ? 0 : this.quiet + 1;
      if (this.quiet > 4000) this.flush();
    }
  }
  flush() {
    if (this.now.some((sample) => Math.abs(sample) > 0.01)) {
      this.found.push({ start: this.at - this.now.length, samples: Float32Array.from(this.now) });
    }
    this.now = [];
    this.quiet = 0;
  }
  isEmpty() { return this.found.length === 0; }
  front() { return this.found[0]; }
  pop() { this.found.shift(); }
};`;

let dir: string;
let options: SherpaOptions;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recogniser-test-'));
  const path = join(dir, 'engine.cjs');
  await writeFile(path, engine);
  options = { engine: path, nodeArguments };
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function modelFolder(
  name: string,
  encoder: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  const folder = join(dir, name);
  await mkdir(folder);
  const files = { 'encoder.onnx': encoder, 'decoder.onnx': 'd', 'tokens.txt': 't', 'vad.onnx': 'v' };
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  const manifest = {
    ...{ name: 'whisper-test', type: 'whisper', encoder: 'encoder.onnx', decoder: 'decoder.onnx' },
    ...{ tokens: 'tokens.txt', vad: 'vad.onnx' },
    files: Object.fromEntries(Object.entries(files).map(([file, text]) => [file, sha256(text)])),
    ...changes,
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}

/** A WAV of stretches of a steady level: [seconds, level] each. */
async function wav(name: string, ...stretches: [number, number][]): Promise<string> {
  const samples = stretches.flatMap(([seconds, level]) =>
    Array.from({ length: seconds * 16_000 }, () => Math.round(level * 32_767)),
  );
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF\0\0\0\0WAVEfmt ', 'latin1');
  [16, 0x0001_0001, 16_000, 32_000, 0x0010_0002].forEach((value, n) =>
    bytes.writeUInt32LE(value, 16 + 4 * n),
  );
  bytes.write('data', 36, 'latin1');
  samples.forEach((sample, n) => bytes.writeInt16LE(sample, 44 + 2 * n));
  await writeFile(join(dir, name), bytes);
  return join(dir, name);
}

const signal = new AbortController().signal;

describe('recognition in a process of its own', () => {
  it('tells what is said when, in which language, and how far it is', async () => {
    const recogniser = await openSherpaRecogniser(await modelFolder('good', 'good'), options);
    expect(recogniser.model).toBe('whisper-test');
    const path = await wav('a.wav', [1, 0], [2, 0.5], [1, 0], [1, 0.8], [1, 0]);
    const percents: number[] = [];
    const { language, cues } = await recogniser.recognise(path, {
      signal,
      onProgress: (p) => percents.push(p),
    });
    expect(language).toBe('en');
    expect(cues).toEqual([
      {
        start: expect.closeTo(0.8, 0),
        end: expect.closeTo(3.3, 0),
        text: expect.stringMatching(/^2\.\d at 0\.5$/),
      },
      {
        start: expect.closeTo(3.8, 0),
        end: expect.closeTo(5.3, 0),
        text: expect.stringMatching(/^1\.\d at 0\.8$/),
      },
    ]);
    expect(percents.at(-1)).toBe(100);
    expect(percents).toEqual([...new Set(percents)].sort((a, b) => a - b));
    expect(await recogniser.recognise(await wav('silence.wav', [3, 0]), { signal })).toEqual({
      language: null,
      cues: [],
    });
  });

  it('cuts speech that is too long for the model, and leaves nothing out', async () => {
    const recogniser = await openSherpaRecogniser(
      await modelFolder('long', 'good', { language: 'de' }),
      options,
    );
    const path = await wav('long.wav', [15, 0.5], [0.2, 0.1], [30, 0.5]);
    const { language, cues } = await recogniser.recognise(path, { signal });
    expect(language).toBe('de');
    expect(cues.every(({ start, end }) => end - start <= 20)).toBe(true);
    expect(cues[0]?.end).toBeCloseTo(15.1, 0);
    expect(cues.at(-1)?.end).toBeCloseTo(45.2, 1);
    for (const [n, cue] of cues.entries()) expect(cue.start).toBeCloseTo(cues[n - 1]?.end ?? 0, 5);
  });

  it('stops at once when it is cancelled, with the process', async () => {
    const folder = await modelFolder('stuck', 'stuck');
    const recogniser = await openSherpaRecogniser(folder, options);
    const controller = new AbortController();
    const running = recogniser.recognise(await wav('stuck.wav', [1, 0.5], [5, 0]), {
      signal: controller.signal,
    });
    const watching = watch(folder, { signal });
    for await (const { filename } of watching) if (filename === 'tokens.txt.pid') break;
    controller.abort(new Error('cancelled'));
    await expect(running).rejects.toThrow('cancelled');
    const pid = Number(await readFile(join(folder, 'tokens.txt.pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });

  it('survives a model that ends the process, and says so', async () => {
    const recogniser = await openSherpaRecogniser(await modelFolder('crashing', 'crashing'), options);
    const running = recogniser.recognise(await wav('crash.wav', [1, 0.5]), { signal });
    await expect(running).rejects.toMatchObject({ name: 'TransientError', code: 'recognition_failed' });
  });
});

describe('a model that is not what it should be', () => {
  it.each([
    ['another file', { files: { 'encoder.onnx': sha256('other') } }, /encoder\.onnx has the sha256/],
    ['a missing file', { encoder: 'e.onnx', files: { 'e.onnx': sha256('e') } }, /e\.onnx is missing/],
    ['a file without a digest', { files: {} }, /encoder\.onnx \(encoder\) is not in "files"/],
    ['a way out of the folder', { encoder: '../encoder.onnx' }, /encoder: expected a path inside/],
    ['another kind', { type: 'parrot' }, /is wrong:\n {2}type/],
    ['half of a kind', { type: 'moonshine' }, /expected merged_decoder/],
  ])('never starts: %s', async (name, changes, message) => {
    await expect(openSherpaRecogniser(await modelFolder(name, 'good', changes), options)).rejects.toThrow(
      message,
    );
  });

  it('never starts: none at all, or one that cannot be loaded', async () => {
    await expect(openSherpaRecogniser(join(dir, 'nowhere'), options)).rejects.toThrow(/There is no model/);
    const damaged = await modelFolder('damaged', 'damaged');
    await expect(openSherpaRecogniser(damaged, options)).rejects.toThrow(
      /cannot be loaded:\nbad model: damaged/,
    );
  });

  it('never starts: by the real library, which knows nonsense when it sees it', async () => {
    const folder = await modelFolder('nonsense', 'nonsense');
    await expect(openSherpaRecogniser(folder, { nodeArguments })).rejects.toThrow(/cannot be loaded/);
  });
});

const realModel = process.env['ASR_MODEL_DIR'];
const spoken = 'Good morning everyone. Today we will talk about prime numbers.';
(realModel === undefined ? it.skip : it)(
  'recognises speech with the model in ASR_MODEL_DIR',
  async () => {
    const recogniser = await openSherpaRecogniser(realModel ?? '', { nodeArguments });
    const path = join(dir, 'speech.wav');
    const voice = `flite=text='${spoken}':voice=slt`;
    await runFfmpegPlainly([
      '-f',
      'lavfi',
      '-i',
      voice,
      '-ar',
      '16000',
      '-ac',
      '1',
      '-c:a',
      'pcm_s16le',
      path,
    ]);
    const { cues } = await recogniser.recognise(path, { signal });
    const words = (text: string) => text.toLowerCase().match(/\p{L}+/gu) ?? [];
    const heard = new Set(cues.flatMap(({ text }) => words(text)));
    const expected = words(spoken);
    expect(expected.filter((word) => heard.has(word)).length / expected.length).toBeGreaterThan(0.7);
  },
  300_000,
);

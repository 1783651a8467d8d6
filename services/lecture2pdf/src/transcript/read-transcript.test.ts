import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configureMedia, probe } from '@mediaworks/media';
import { h264, makeVideo, runFfmpegPlainly } from '@mediaworks/media/fixtures';
import { readTranscript, type TranscriptOptions } from './read-transcript.ts';
import type { SpeechRecogniser } from './recogniser.ts';

let dir: string;
let plain: string;
let srt: string;
let vtt: string;
let ass: string;
let empty: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'transcript-test-'));
  plain = await makeVideo(join(dir, 'plain.mp4'));
  srt = await file(
    'a.srt',
    '1\n00:00:00,500 --> 00:00:01,500\n<i>Hello</i> {all}, a < b\n\n2\n00:00:01,600 --> 00:00:01,900\n你好\nשלום\n',
  );
  vtt = await file('a.vtt', 'WEBVTT\n\n00:00.500 --> 00:01.500\n<v Fred>Bonjour</v> &amp; merci\n');
  ass = await file(
    'a.ass',
    '[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,{\\b1}Hallo{\\b0}, Welt\\Nzwei\n',
  );
  empty = await file('empty.srt', '1\n00:00:00,500 --> 00:00:01,500\n \n');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function file(name: string, text: string | Buffer): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

/** A video with these subtitle files as tracks. */
async function captioned(
  name: string,
  tracks: readonly string[],
  options: readonly string[],
): Promise<string> {
  const path = join(dir, name);
  const inputs = [plain, ...tracks].flatMap((input) => ['-i', input]);
  const maps = [plain, ...tracks].flatMap((_, n) => ['-map', String(n)]);
  await runFfmpegPlainly([...inputs, ...maps, '-c', 'copy', ...options, path]);
  return path;
}

async function read(video: string, options: Partial<TranscriptOptions> = {}) {
  const tmp = await mkdtemp(join(dir, 'job-'));
  const signal = new AbortController().signal;
  const percents: number[] = [];
  const onProgress = (percent: number) => percents.push(percent);
  const transcript = await readTranscript({
    video,
    probe: await probe(video),
    tmp,
    signal,
    onProgress,
    ...options,
  });
  expect(await readdir(tmp)).toEqual([]);
  expect(percents).toEqual([...new Set(percents)].sort((a, b) => a - b));
  expect(percents.at(-1)).toBe(100);
  return transcript;
}

const bundled = () => {
  const require = createRequire(import.meta.url);
  return {
    ffmpegPath: (require('@ffmpeg-installer/ffmpeg') as { path: string }).path,
    ffprobePath: (require('@ffprobe-installer/ffprobe') as { path: string }).path,
  };
};

const hello = [
  { start: 0.5, end: 1.5, text: 'Hello {all}, a < b' },
  { start: 1.6, end: 1.9, text: '你好\nשלום' },
];
const fake = (recognise: SpeechRecogniser['recognise']): SpeechRecogniser => ({ model: 'fake', recognise });
const never = fake(() => Promise.reject(new Error('was asked')));

describe.each(['of the system', 'of 2018'])('text tracks, by the ffmpeg %s', (which) => {
  beforeAll(() => configureMedia(which === 'of 2018' ? bundled() : {}));
  afterAll(() => configureMedia());

  it.each([
    ['mov_text', 'mp4', () => [srt], ['-c:s', 'mov_text'], hello],
    ['subrip', 'mkv', () => [srt], ['-c:s', 'srt'], hello],
    ['webvtt', 'mkv', () => [vtt], ['-c:s', 'copy'], [{ start: 0.5, end: 1.5, text: 'Bonjour & merci' }]],
    ['ass', 'mkv', () => [ass], ['-c:s', 'copy'], [{ start: 0.5, end: 1.5, text: 'Hallo, Welt\nzwei' }]],
  ])('reads %s', async (codec, extension, tracks, options, cues) => {
    const name = `${codec}-${which.replace(/ /g, '-')}.${extension}`;
    const video = await captioned(name, tracks(), [...options, '-metadata:s:s:0', 'language=fre']);
    const transcript = await read(video, { recogniser: never });
    expect(transcript).toMatchObject({ source: 'embedded', language: 'fr', model: null });
    expect(transcript.cues.map(({ text }) => text)).toEqual(cues.map(({ text }) => text));
    for (const [n, cue] of transcript.cues.entries()) {
      expect(cue.start).toBeCloseTo(cues[n]?.start ?? -1, 1);
      expect(cue.end).toBeCloseTo(cues[n]?.end ?? -1, 1);
    }
  });
});

describe('the chain', () => {
  it('takes the uploaded file first, and its language from its name', async () => {
    const video = await captioned('both.mkv', [srt], ['-c:s', 'srt']);
    const options = { uploaded: vtt, uploadedName: 'talk.fr.vtt', recogniser: never };
    expect(await read(video, options)).toEqual({
      source: 'uploaded',
      language: 'fr',
      model: null,
      cues: [{ start: 0.5, end: 1.5, text: 'Bonjour & merci' }],
    });
  });

  it('goes on where there are no words', async () => {
    const video = await captioned(
      'second.mkv',
      [empty, srt],
      ['-c:s', 'srt', '-metadata:s:s:1', 'language=und'],
    );
    const transcript = await read(video, { uploaded: empty });
    expect(transcript).toMatchObject({ source: 'embedded', language: null, model: null });
    expect(transcript.cues.map(({ text }) => text)).toEqual(hello.map(({ text }) => text));
  });

  it('prefers a whole track to one for foreign passages', async () => {
    const disposition = ['forced+default', '0', '0'].flatMap((flags, n) => [`-disposition:s:${n}`, flags]);
    const video = await captioned('three.mkv', [srt, vtt, srt], ['-c:s', 'srt', ...disposition]);
    expect((await read(video)).cues[0]?.text).toContain('Bonjour');
  });

  it('counts from the beginning of the video, whatever the container counts from', async () => {
    const video = await captioned('later.mkv', [srt], ['-c:s', 'srt', '-output_ts_offset', '5']);
    expect((await read(video)).cues[0]?.start).toBeCloseTo(0.5, 1);
  });

  it('refuses an uploaded file that holds no subtitles, rather than ignore it', async () => {
    const uploaded = await file('not.srt', 'Just a text.');
    await expect(read(plain, { uploaded })).rejects.toMatchObject({ code: 'unsupported_subtitle' });
    const large = await file('large.srt', Buffer.alloc(9 * 2 ** 20, ' '));
    await expect(read(plain, { uploaded: large })).rejects.toMatchObject({ code: 'too_large_subtitle' });
  });

  it('asks the recogniser for a video without words, on the clock of the video', async () => {
    const video = await makeVideo(join(dir, 'late-sound.mkv'), {
      seconds: 3,
      filters: 'null',
      options: [...h264, '-af', 'adelay=1', '-output_ts_offset', '5'],
    });
    const heard: Buffer[] = [];
    const recogniser = fake(async (wav, { onProgress }) => {
      heard.push(await readFile(wav));
      onProgress?.(50);
      return { language: 'en', cues: [{ start: 1, end: 2, text: 'said' }] };
    });
    expect(await read(video, { recogniser })).toEqual({
      source: 'recognised',
      language: 'en',
      model: 'fake',
      cues: [{ start: 1, end: 2, text: 'said' }],
    });
    const seconds = ((heard[0]?.length ?? 0) - 44) / 2 / 16_000;
    expect(seconds).toBeGreaterThan(2.9);
    expect(seconds).toBeLessThan(3.2);
  });

  it('has none without a recogniser, without sound, and when nothing is understood', async () => {
    const none = { source: 'none', language: null, model: null, cues: [] };
    expect(await read(plain)).toEqual(none);
    const deaf = fake(() => Promise.resolve({ language: null, cues: [] }));
    expect(await read(plain, { recogniser: deaf })).toEqual(none);
    expect(
      await read(await makeVideo(join(dir, 'silent.mp4'), { tones: [] }), { recogniser: never }),
    ).toEqual(none);
  });

  it('passes failures and cancelling on, and leaves nothing behind', async () => {
    await expect(read(plain, { recogniser: never })).rejects.toThrow('was asked');
    const controller = new AbortController();
    const recogniser = fake((_, { signal }) => {
      controller.abort(new Error('cancelled'));
      signal.throwIfAborted();
      return Promise.reject(new Error('went on'));
    });
    const tmp = join(dir, 'cancelled');
    await mkdir(tmp);
    const running = readTranscript({
      ...{ video: plain, probe: await probe(plain), tmp, recogniser, signal: controller.signal },
    });
    await expect(running).rejects.toThrow('cancelled');
    expect(await readdir(tmp)).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';
import { configureMedia } from './ffmpeg-path.ts';
import { runFfmpegPlainly } from './fixtures/video.ts';
import { readGreyFrames } from './frames.ts';
import { probe } from './probe.ts';
import { findSeams } from './seams.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frames-'));
});
afterAll(() => rm(folder, { recursive: true }));

const form = { width: 96, height: 54, rate: 4 };
const SECONDS = 24;
const PART = 4;
const source = ['-f', 'lavfi', '-i', `testsrc2=s=192x108:r=25:d=${SECONDS}`];
const coded = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-threads', '1'];

/** Makes a video that moves in every frame. */
const film = async (name: string, ...options: string[]) => {
  const path = join(folder, name);
  await runFfmpegPlainly([...source, ...coded, ...options, path]);
  return path;
};

/** All frames that it is read as, each by its hash, and what else is told. */
const read = async (path: string, decoders: number, signal?: AbortSignal) => {
  const frames: string[] = [];
  const percents: number[] = [];
  const parts = { decoders, folder: await mkdtemp(join(folder, 'parts-')), seconds: PART };
  const options = {
    probe: await probe(path),
    signal,
    parts,
    onProgress: (percent: number) => percents.push(percent),
  };
  const onFrame = (pixels: Uint8Array, index: number) => {
    expect(index).toBe(frames.length);
    frames.push(createHash('sha256').update(pixels).digest('hex'));
  };
  const { count, cutOff } = await readGreyFrames(path, form, onFrame, options);
  expect(await readdir(parts.folder)).toEqual([]);
  return { frames, percents, count, cutOff };
};

const seamsOf = async (path: string) => findSeams(path, PART, { probe: await probe(path) });

const require = createRequire(import.meta.url);
const bundled = () => ({
  ffmpegPath: (require('@ffmpeg-installer/ffmpeg') as { path: string }).path,
  ffprobePath: (require('@ffprobe-installer/ffprobe') as { path: string }).path,
});

describe.each(['of the system', 'of 2018'])('a video in parts, by the ffmpeg %s', (which) => {
  beforeAll(() => configureMedia(which === 'of 2018' ? bundled() : {}));
  afterAll(() => configureMedia());

  it.each<[string, string, string[]]>([
    ['with B-frames and a key frame every second and a bit', 'steady.mp4', ['-g', '33', '-bf', '3']],
    ['in Matroska', 'steady.mkv', ['-g', '33', '-bf', '3']],
    [
      'with key frames that others lean on from before',
      'open.mp4',
      ['-g', '40', '-x264-params', 'open-gop=1'],
    ],
    ['of 29.97 frames a second', 'ntsc.mp4', ['-r', '30000/1001', '-g', '30']],
    ['that begins late', 'late.mkv', ['-g', '25', '-output_ts_offset', '3.3']],
    [
      'whose picture begins after its sound',
      'sound.mp4',
      ['-g', '25', '-vf', 'setpts=PTS+0.7/TB', '-f', 'lavfi', '-i', 'sine=d=24', '-c:a', 'aac'],
    ],
    [
      'that has a frame now and then',
      'sparse.mp4',
      ['-g', '5', '-vf', "select='lt(random(1)\\,0.06)'", '-vsync', 'vfr'],
    ],
  ])('%s, has the same frames', async (_what, name, options) => {
    const sound = options.indexOf('-f');
    const path =
      sound < 0
        ? await film(name, ...options)
        : await film(name, ...options.slice(0, sound)).then(async (mute) => {
            const both = join(folder, `both-${name}`);
            await runFfmpegPlainly(['-i', mute, ...options.slice(sound), '-c:v', 'copy', '-copyts', both]);
            return both;
          });
    expect((await seamsOf(path)).length).toBeGreaterThan(2);
    const [alone, inParts] = [await read(path, 1), await read(path, 3)];
    expect(inParts.frames).toEqual(alone.frames);
    expect(inParts.cutOff).toBe(false);
  });

  it('is decoded in one go from where the decoder did not recover', async () => {
    const path = await film('refresh.mp4', '-g', '50', '-x264-params', 'intra-refresh=1');
    expect((await seamsOf(path)).length).toBeGreaterThan(2);
    expect((await read(path, 2)).frames).toEqual((await read(path, 1)).frames);
  });

  it('tells how far it is, in order and to the end', async () => {
    const { percents, count } = await read(await film('told.mp4', '-g', '25'), 2);
    expect(count).toBe(SECONDS * form.rate);
    expect(percents.at(-1)).toBe(100);
    expect(percents.length).toBeGreaterThan(20);
    expect(percents).toEqual([...new Set(percents)].sort((a, b) => a - b));
  });
});

describe('a video that is not decoded in parts', () => {
  it.each<[string, string, string[]]>([
    ['without an index', 'stream.ts', ['-g', '25']],
    ['in a container whose time steps are its frames', 'frames.avi', ['-g', '25']],
    ['with one key frame', 'one-key.mp4', ['-g', '10000', '-keyint_min', '10000', '-sc_threshold', '0']],
    ['of a few seconds', 'short.mp4', ['-g', '25', '-t', '12']],
  ])('is one %s', async (_what, name, options) => {
    const path = await film(name, ...options);
    expect(await seamsOf(path)).toEqual([]);
    expect((await read(path, 2)).frames).toEqual((await read(path, 1)).frames);
  });

  it('is one whose end is missing, which is told', async () => {
    const path = await film('whole.mp4', '-g', '25', '-movflags', '+faststart');
    const cut = join(folder, 'cut.mp4');
    await copyFile(path, cut);
    await truncate(cut, Math.floor((await stat(path)).size * 0.7));
    const [alone, inParts] = [await read(cut, 1), await read(cut, 2)];
    expect(inParts.frames).toEqual(alone.frames);
    expect([alone.cutOff, inParts.cutOff]).toEqual([true, true]);
  });
});

it('stops all decoders, and leaves no file, when it is cancelled', async () => {
  const path = await film('cancelled.mp4', '-g', '25');
  const parts = { decoders: 3, folder: join(folder, 'cancelled'), seconds: PART };
  await mkdir(parts.folder);
  const cancel = new AbortController();
  const options = { probe: await probe(path), signal: cancel.signal, parts };
  const onFrame = (_pixels: Uint8Array, index: number) => {
    if (index === 20) cancel.abort(new Error('cancelled'));
  };
  await expect(readGreyFrames(path, form, onFrame, options)).rejects.toThrow('cancelled');
  expect(await readdir(parts.folder)).toEqual([]);
});

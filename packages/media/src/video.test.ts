import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { makeAudio } from './fixtures/audio.ts';
import { colorAt, packetDigest, processesMentioning } from './fixtures/inspect.ts';
import {
  compliantVideo,
  frameLessVideo,
  fullHdVideo,
  h264,
  hdrVideo,
  interlacedVideo,
  makeVideo,
  placedVideo,
  placeTag,
  portraitVideo,
  truncatedVideo,
  variableRateVideo,
  type VideoRecipe,
} from './fixtures/video.ts';
import { probe } from './probe.ts';
import { transcodeVideo, type TranscodedVideo, type VideoOptions } from './video.ts';

let dir: string;
let runs = 0;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'video-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const freshDir = () => join(dir, `out-${(runs += 1)}`);
const transcode = (path: string, options: VideoOptions = {}) => transcodeVideo(path, freshDir(), options);
const make = (name: string, recipe: VideoRecipe) => makeVideo(join(dir, name), recipe);

async function firstVideo(path: string) {
  const [video] = (await probe(path)).videos;
  if (!video) throw new Error('no video');
  return video;
}

async function expectWebReady({ renditions }: TranscodedVideo) {
  const found = await probe(renditions.video.path);
  expect(found.videos).toHaveLength(1);
  expect(found.videos[0]).toMatchObject({
    ...{ codec: 'h264', pixelFormat: 'yuv420p', sampleAspectRatio: 1, rotation: 0, interlaced: false },
    ...{ width: renditions.video.width, height: renditions.video.height },
  });
  for (const audio of found.audios) {
    expect(audio.codec).toBe('aac');
    expect(audio.channels).toBeLessThanOrEqual(2);
    expect(audio.sampleRate).toBeLessThanOrEqual(48_000);
  }
  const bytes = await readFile(renditions.video.path);
  expect(bytes.indexOf('moov')).toBeGreaterThan(0);
  expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
  const poster = await readFile(renditions.poster.path);
  expect(poster.subarray(0, 3).toString('hex')).toBe('ffd8ff');
  return found;
}

describe('encoding', () => {
  it('makes a grainy 1080p MOV into an MP4 with sound and a poster, telling how far it is', async () => {
    const told: number[] = [];
    const result = await transcode(await fullHdVideo(dir, 2), {
      onProgress: (percent) => told.push(percent),
    });
    const found = await expectWebReady(result);
    expect(result).toMatchObject({ width: 1920, height: 1080, remuxed: false, hdr: null });
    expect(result.renditions.poster).toMatchObject({ width: 1080, height: 608, mime: 'image/jpeg' });
    expect(found.videos[0]?.profile).toBe('High');
    expect(found.audios).toHaveLength(1);
    expect(found.duration).toBeCloseTo(2, 1);
    expect(told.at(-1)).toBe(100);
    expect(told.length).toBeGreaterThan(1);
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  });

  it('turns a phone video upright, pixels and poster alike', async () => {
    const { renditions, ...result } = await transcode(await portraitVideo(dir));
    expect(result).toMatchObject({ width: 180, height: 320 });
    await expectWebReady({ renditions, ...result });
    for (const path of [renditions.video.path, renditions.poster.path]) {
      const corners = [await colorAt(path, 20, 20), await colorAt(path, 150, 20)];
      corners.push(await colorAt(path, 20, 290), await colorAt(path, 150, 290));
      expect(corners).toEqual(['blue', 'red', 'white', 'green']);
    }
  });

  it.each([
    ['landscape', 2000, 1000, 1920, 960],
    ['portrait', 1200, 2400, 960, 1920],
    ['square', 1200, 1200, 1080, 1080],
  ])('brings a large %s down to 1080p', async (name, width, height, toWidth, toHeight) => {
    const result = await transcode(await make(`${name}.mp4`, { width, height, seconds: 0.4 }));
    expect(result.renditions.video).toMatchObject({ width: toWidth, height: toHeight });
    await expectWebReady(result);
  });

  it('crops an odd line instead of blurring all, and never enlarges', async () => {
    const options = ['-c:v', 'ffv1', '-pix_fmt', 'yuv444p', '-c:a', 'flac'];
    const odd = await transcode(await make('odd.mkv', { width: 641, height: 359, seconds: 1, options }));
    expect(odd.renditions.video).toMatchObject({ width: 640, height: 358 });
    await expectWebReady(odd);
    const dot = await transcode(
      await make('dot.mkv', { width: 64, height: 64, filters: 'scale=1:1', options }),
    );
    expect(dot).toMatchObject({ width: 1, height: 1, renditions: { video: { width: 2, height: 2 } } });
  });

  it('makes pixels square', async () => {
    const path = await make('anamorphic.mkv', {
      width: 720,
      height: 576,
      filters: 'setsar=64/45',
      seconds: 0.4,
    });
    const result = await transcode(path);
    expect(result.renditions.video).toMatchObject({ width: 1024, height: 576 });
    await expectWebReady(result);
  });

  it('takes the poster at one second, or in the middle of what is shorter', async () => {
    const options = ['-c:v', 'mpeg4', '-q:v', '2', '-c:a', 'aac'];
    const long = await transcode(await make('long.avi', { seconds: 3, picture: 'traffic-light', options }));
    expect(await colorAt(long.renditions.poster.path, 100, 100)).toBe('green');
    const short = await transcode(await make('short.mp4', { seconds: 1, picture: 'traffic-light', options }));
    expect(await colorAt(short.renditions.poster.path, 100, 100)).toBe('red');
  });

  it('keeps uneven frame times, on a clock of at most 60 a second', async () => {
    const source = await variableRateVideo(dir);
    const result = await transcode(source);
    const { videos, duration } = await expectWebReady(result);
    expect(duration).toBeCloseTo(3, 1);
    expect(videos[0]?.frames).toBeGreaterThan(60);
    expect(videos[0]?.frames).toBeLessThan(90);
    expect(videos[0]?.gridFrameRate).toBeLessThanOrEqual(60);
    const fast = await transcode(await make('fast.mp4', { rate: 120, seconds: 1 }));
    expect((await firstVideo(fast.renditions.video.path)).averageFrameRate).toBeCloseTo(60, 0);
  });

  it('weaves fields into frames', async () => {
    const result = await transcode(await interlacedVideo(dir));
    expect(result.metadata['interlaced']).toBe(true);
    expect((await expectWebReady(result)).videos[0]?.frames).toBe(50);
  });

  it.each([
    ['smpte2084', 'pq'],
    ['arib-std-b67', 'hlg'],
  ] as const)('maps %s to what plain screens show, and says so', async (transfer, hdr) => {
    const result = await transcode(await hdrVideo(dir, transfer));
    expect(result.hdr).toBe(hdr);
    expect(result.metadata).toMatchObject({ hdr, tone_mapped: true });
    const { videos } = await expectWebReady(result);
    expect(videos[0]).toMatchObject({ colorPrimaries: 'bt709', colorTransfer: 'bt709', colorSpace: 'bt709' });
  });

  it.each([
    ['rgb.mkv', ['-c:v', 'ffv1', '-pix_fmt', 'bgr0', '-c:a', 'flac']],
    ['full-range.mov', ['-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj420p', '-c:a', 'pcm_s16le']],
  ])('keeps the colours of %s', async (name, options) => {
    const { renditions } = await transcode(await make(name, { picture: 'quadrants', seconds: 1, options }));
    for (const path of [renditions.video.path, renditions.poster.path]) {
      expect(await colorAt(path, 20, 20)).toBe('red');
      expect(await colorAt(path, 300, 160)).toBe('white');
      expect(await colorAt(path, 20, 160)).toBe('blue');
    }
  });

  it('does without sound, and with six channels at 96 kHz', async () => {
    const mute = await transcode(await make('mute.mp4', { tones: [], seconds: 1 }));
    expect((await expectWebReady(mute)).audios).toEqual([]);
    const options = [...h264.slice(0, -2), '-c:a', 'flac', '-ar', '96000', '-ac', '6'];
    const cinema = await transcode(await make('cinema.mkv', { seconds: 1, options }));
    expect((await expectWebReady(cinema)).audios[0]).toMatchObject({ channels: 2, sampleRate: 48_000 });
  });

  it('takes the default one of several sound tracks', async () => {
    const options = [
      ...h264.slice(0, -2),
      '-c:a',
      'aac',
      '-disposition:a:0',
      '0',
      '-disposition:a:1',
      'default',
    ];
    const source = await make('languages.mkv', { tones: [300, 600, 900], seconds: 1, options });
    const result = await transcode(source);
    expect(result.metadata['audio_tracks']).toBe(3);
    const { audios } = await expectWebReady(result);
    expect(audios).toHaveLength(1);
    const chosen = await make('second.mkv', { tones: [600], seconds: 1 });
    expect(await packetDigest(result.renditions.video.path, 'a')).toBe(await packetDigest(chosen, 'a'));
  });

  it('leaves place, title and author behind', async () => {
    const { renditions, metadata } = await transcode(await placedVideo(dir));
    const bytes = await readFile(renditions.video.path);
    for (const secret of [placeTag, 'ISO6709', 'Secret garden', 'Somebody']) {
      expect(bytes.includes(secret)).toBe(false);
    }
    expect(JSON.stringify(metadata)).not.toMatch(/52\.52|Secret|Somebody/);
  });
});

describe('previews', () => {
  it('moves for up to three seconds, small, in a loop', async () => {
    const told: number[] = [];
    const result = await transcode(await make('lively.mp4', { width: 640, height: 360, seconds: 5 }), {
      preview: true,
      onProgress: (percent) => told.push(percent),
    });
    expect(result.renditions.preview).toMatchObject({ mime: 'image/webp', width: 320, height: 180 });
    const seen = await sharp(result.renditions.preview?.path, { animated: true }).metadata();
    expect(seen).toMatchObject({ format: 'webp', width: 320, pageHeight: 180, loop: 0 });
    expect(seen.pages).toBeGreaterThan(20);
    expect(seen.pages).toBeLessThanOrEqual(25);
    expect(told.at(-1)).toBe(100);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });
});

describe('copying', () => {
  it('keeps the very packets of what complies, without its tags, and still makes the poster', async () => {
    const source = await compliantVideo(dir, { seconds: 3, picture: 'traffic-light' });
    const result = await transcode(source);
    expect(result.remuxed).toBe(true);
    await expectWebReady(result);
    for (const stream of ['v', 'a'] as const) {
      expect(await packetDigest(result.renditions.video.path, stream)).toBe(
        await packetDigest(source, stream),
      );
    }
    expect(await colorAt(result.renditions.poster.path, 100, 100)).toBe('green');
  });

  it('encodes what is over the cap of bit rate', async () => {
    const result = await transcode(await compliantVideo(dir), { profile: { remuxBitrate: 1000 } });
    expect(result.remuxed).toBe(false);
  });
});

describe('what cannot be made', () => {
  it.each([
    ['no_video_frames', () => frameLessVideo(dir)],
    ['no_video_frames', () => makeAudio(dir, 'm4a')],
    ['corrupt_media', () => truncatedVideo(dir, 'at-end')],
    ['corrupt_media', () => truncatedVideo(dir, 'at-start')],
  ])('says %s and leaves nothing', async (code, source) => {
    const path = await source();
    const out = freshDir();
    await expect(transcodeVideo(path, out)).rejects.toMatchObject({ name: 'PermanentError', code });
    expect(await readdir(out).catch(() => [])).toEqual([]);
  });

  it('stops at the limits of size and time', async () => {
    const path = await make('limited.mp4', {});
    const cramped = transcode(path, { limits: { outputBytes: 4096 } });
    await expect(cramped).rejects.toMatchObject({ name: 'PermanentError', code: 'output_too_large' });
    const source = await probe(path);
    const hurried = transcode(path, { limits: { timeoutMs: 1 }, probe: source });
    await expect(hurried).rejects.toMatchObject({ name: 'PermanentError', code: 'took_too_long' });
    const starved = transcode(path, { limits: { memoryBytes: 48 * 2 ** 20 }, probe: source });
    await expect(starved).rejects.toMatchObject({ name: 'TransientError' });
  });

  it('ends ffmpeg at once when it is cancelled, and leaves no process and no file', async () => {
    const cancel = new AbortController();
    const out = freshDir();
    let cancelledAt = 0;
    const source = await make('lengthy.mp4', { seconds: 60, width: 640, height: 360 });
    const work = transcodeVideo(source, out, {
      signal: cancel.signal,
      profile: { preset: 'slow', remuxBitrate: 0 },
      onProgress: () => {
        cancelledAt ||= Date.now();
        cancel.abort(new Error('cancelled'));
      },
    });
    await expect(work).rejects.toThrow('cancelled');
    expect(Date.now() - cancelledAt).toBeLessThan(2000);
    expect(await processesMentioning(out)).toEqual([]);
    expect(await readdir(out)).toEqual([]);
  });
});

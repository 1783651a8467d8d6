import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { audioExtensions, audioWithCover, makeAudio, soundlessWav } from './fixtures/audio.ts';
import { pointerFile, pointerKinds } from './fixtures/pointers.ts';
import {
  frameLessVideo,
  h264,
  hdrVideo,
  interlacedVideo,
  makeVideo,
  portraitVideo,
  truncatedVideo,
} from './fixtures/video.ts';
import { probe } from './probe.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'probe-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('what a probe tells', () => {
  it('sees a phone video as it is shown', async () => {
    const { kind, demuxer, videos, audios, duration } = await probe(await portraitVideo(dir));
    expect({ kind, demuxer, tracks: audios.length }).toEqual({ kind: 'video', demuxer: 'mov', tracks: 1 });
    expect(videos[0]).toMatchObject({
      codedWidth: 320,
      codedHeight: 180,
      width: 180,
      height: 320,
      rotation: 270,
    });
    expect(videos[0]).toMatchObject({
      codec: 'h264',
      averageFrameRate: 25,
      frames: 50,
      interlaced: false,
      hdr: null,
    });
    expect(duration).toBeCloseTo(2, 1);
  });

  it('reckons with pixels that are not square', async () => {
    const path = await makeVideo(join(dir, 'wide.mkv'), { width: 72, height: 58, filters: 'setsar=64/45' });
    expect((await probe(path)).videos[0]).toMatchObject({ codedWidth: 72, width: 102, height: 58 });
  });

  it('sees interlacing and both kinds of HDR', async () => {
    expect((await probe(await interlacedVideo(dir))).videos[0]?.interlaced).toBe(true);
    const pq = await probe(await hdrVideo(dir, 'smpte2084'));
    expect(pq.videos[0]).toMatchObject({ hdr: 'pq', colorPrimaries: 'bt2020', pixelFormat: 'yuv420p10le' });
    expect((await probe(await hdrVideo(dir, 'arib-std-b67'))).videos[0]?.hdr).toBe('hlg');
  });

  it('does not take cover art for a video, nor a comment for a title', async () => {
    const found = await probe(await audioWithCover(dir));
    expect(found).toMatchObject({ kind: 'audio', coverArt: true, videos: [] });
    expect(found.tags).toEqual({ title: 'A tone', artist: 'Sine' });
  });

  it.each([
    ['mkv', 'matroska', h264],
    ['webm', 'matroska', ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libopus']],
    ['avi', 'avi', ['-c:v', 'mpeg4', '-c:a', 'libmp3lame']],
    ['mov', 'mov', h264],
    // Its service name crashes static builds that find the system's character sets.
    ['ts', 'mpegts', h264],
    ['flv', 'flv', ['-c:v', 'flv1', '-c:a', 'libmp3lame', '-ar', '44100']],
    ['wmv', 'asf', ['-c:v', 'wmv2', '-c:a', 'wmav2']],
  ])('opens .%s by its content, whatever its name', async (extension, demuxer, options) => {
    const path = await makeVideo(join(dir, `as-${extension}.${extension}`), { seconds: 1, options });
    expect(await probe(path)).toMatchObject({ kind: 'video', demuxer });
  });

  it.each(audioExtensions)('opens .%s as sound', async (extension) => {
    const found = await probe(await makeAudio(dir, extension, { seconds: 1, name: `plain-${extension}` }));
    expect(found).toMatchObject({ kind: 'audio', videos: [], coverArt: false });
    expect(found.audios[0]).toMatchObject({ sampleRate: 48_000, channels: 2 });
  });

  it('takes any file name for a name', async () => {
    const path = await makeVideo(join(dir, 'a b\n%d -i http: "ü".mp4'), { seconds: 1 });
    expect((await probe(path)).kind).toBe('video');
  });
});

describe('what is refused', () => {
  it('an empty file, and a header of sound without samples stays sound', async () => {
    const empty = join(dir, 'empty.mp4');
    await writeFile(empty, '');
    await expect(probe(empty)).rejects.toMatchObject({ code: 'empty_media' });
    expect((await probe(await soundlessWav(dir))).kind).toBe('audio');
    expect((await probe(await frameLessVideo(dir))).kind).toBe('video');
  });

  it('a video whose index was cut off, without a word about where it lies', async () => {
    const failure = probe(await truncatedVideo(dir, 'at-end'));
    await expect(failure).rejects.toMatchObject({ name: 'PermanentError', code: 'corrupt_media' });
    await expect(failure).rejects.not.toThrow(dir);
  });

  it('a picture named like a video', async () => {
    const path = await makeVideo(join(dir, 'picture.png'), { tones: [], options: ['-frames:v', '1'] });
    await expect(probe(path)).rejects.toMatchObject({ code: 'unsupported_media' });
  });

  it('frames and lengths over the limits', async () => {
    const path = await makeVideo(join(dir, 'small.mp4'));
    await expect(probe(path, { limits: { framePixels: 320 * 180 - 1 } })).rejects.toMatchObject({
      code: 'too_large_picture',
    });
    await expect(probe(path, { limits: { durationSeconds: 1 } })).rejects.toMatchObject({ code: 'too_long' });
  });

  it('everything once the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(probe(await makeVideo(join(dir, 'late.mp4')), { signal })).rejects.toThrow('cancelled');
  });
});

describe('files that only point elsewhere', () => {
  let server: Server;
  const requests: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each(pointerKinds)('%s is not media, and nothing it names is opened', async (kind) => {
    const { port } = server.address() as AddressInfo;
    for (const target of [`http://127.0.0.1:${port}/${kind}.ts`, '/etc/passwd', 'file:///etc/passwd']) {
      const failure = probe(await pointerFile(dir, kind, target));
      await expect(failure).rejects.toMatchObject({ name: 'PermanentError', code: 'unsupported_media' });
    }
    expect(requests).toEqual([]);
  });
});

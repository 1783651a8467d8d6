import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  bombPng,
  frameLessVideo,
  makeVideo,
  manyFramesGif,
  onePixelPng,
  orientedPhoto,
  pngHeaderOnly,
  pointerFile,
  polyglotJpeg,
  polyglotTail,
  soundlessWav,
  svgWithReferences,
  transparentPng,
  truncatedJpeg,
  truncatedVideo,
} from '@mediaworks/media/fixtures';
import { openScene, type Scene } from '../scene.ts';

jest.setTimeout(60_000);

interface Item {
  id: number;
  job_id: string;
  file_type: string;
  filename: string;
  status: string;
  error: { code: string; message: string } | null;
  width: number | null;
  height: number | null;
  urls: Record<string, string | null>;
  renditions: Record<string, { width: number; height: number }>;
}

let scene: Scene;
let samples: string;
beforeAll(async () => {
  scene = await openScene();
  await scene.startWorker();
  samples = join(scene.dataDir, 'samples');
  await mkdir(samples);
}, 60_000);
afterAll(() => scene.close(), 60_000);

/** Uploads bytes under a name and follows them to the end. */
async function send(bytes: Buffer, name: string): Promise<Item> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(bytes)]), name);
  const { id, job_id: jobId } = await scene.client.json<Item>('/api/media/upload/', {
    method: 'POST',
    body: form,
  });
  await scene.client.follow(jobId, () => undefined);
  return scene.client.json<Item>(`/api/media/${id}/`);
}
const sendFile = async (path: string) => send(await readFile(path), basename(path));

describe('refused at the door', () => {
  const pointer = async (kind: Parameters<typeof pointerFile>[1]) =>
    readFile(await pointerFile(samples, kind, 'http://127.0.0.1:9/secret'));
  it.each<[string, () => Promise<Buffer>, string, number, string]>([
    ['an empty file', () => Promise.resolve(Buffer.alloc(0)), 'empty.jpg', 400, 'empty_file'],
    ['text named .mp4', () => pointer('text'), 'text.mp4', 415, 'unsupported_media'],
    ['a playlist named .mp4', () => pointer('hls'), 'list.mp4', 415, 'unsupported_media'],
    ['a concat list named .mp4', () => pointer('concat'), 'list.mp4', 415, 'unsupported_media'],
    ['a DASH manifest named .mp4', () => pointer('dash'), 'list.mp4', 415, 'unsupported_media'],
    [
      'an SVG with external references',
      () => Promise.resolve(svgWithReferences('http://127.0.0.1:9/')),
      'drawing.svg',
      415,
      'unsupported_media',
    ],
    [
      'a picture of more than 10 MB',
      async () => Buffer.concat([await onePixelPng(), Buffer.alloc(10 * 2 ** 20)]),
      'big.png',
      413,
      'too_large',
    ],
  ])('%s', async (_what, make, name, status, code) => {
    await expect(send(await make(), name)).rejects.toThrow(
      new RegExp(`answered ${status}: .*"code":"${code}"`),
    );
  });
});

describe('accepted, and failed with a code', () => {
  it.each<[string, () => Promise<Item>, string]>([
    ['a truncated picture', async () => send(await truncatedJpeg(), 'cut.jpg'), 'corrupt_media'],
    [
      'a truncated video, index lost',
      async () => sendFile(await truncatedVideo(samples, 'at-end')),
      'corrupt_media',
    ],
    [
      'a truncated video, index kept',
      async () => sendFile(await truncatedVideo(samples, 'at-start')),
      'corrupt_media',
    ],
    [
      'a header of 30000×30000',
      async () => send(pngHeaderOnly(30_000, 30_000), 'huge.png'),
      'too_many_pixels',
    ],
    ['a decompression bomb', async () => send(bombPng(20_000), 'bomb.png'), 'too_many_pixels'],
    ['a video of 0 frames', async () => sendFile(await frameLessVideo(samples)), 'no_video_frames'],
    ['a sound of 0 s', async () => sendFile(await soundlessWav(samples)), 'no_audio_samples'],
  ])('%s', async (_what, upload, code) => {
    const item = await upload();
    expect(item).toMatchObject({ status: 'failed', error: { code } });
    expect(item.error?.message).not.toMatch(/\/|\bat\b.*:\d+/);
  });
});

describe('accepted, and made web-ready', () => {
  it('a picture with the wrong extension is what its bytes say', async () => {
    expect(await send(await transparentPng(), 'really.mp4')).toMatchObject({
      status: 'ready',
      file_type: 'image',
    });
  });

  it('a polyglot loses what was appended', async () => {
    const item = await send(await polyglotJpeg(), 'both.jpg');
    expect(item.status).toBe('ready');
    const large = await scene.client.request(item.urls['large'] ?? '');
    expect(Buffer.from(await large.arrayBuffer()).includes(polyglotTail)).toBe(false);
  });

  it('one pixel stays one pixel', async () => {
    const item = await send(await onePixelPng(), 'dot.png');
    expect(item).toMatchObject({ status: 'ready', width: 1, height: 1 });
    expect(item.renditions['thumbnail']).toMatchObject({ width: 1, height: 1 });
  });

  it('a GIF of 10,000 frames costs no more than a still', async () => {
    expect(await send(manyFramesGif(10_000, 16), 'long.gif')).toMatchObject({ status: 'ready' });
  });

  it('a video of odd width becomes even', async () => {
    const path = await makeVideo(join(samples, 'odd.mp4'), { width: 641, height: 359, seconds: 1 });
    const item = await sendFile(path);
    expect(item).toMatchObject({ status: 'ready', file_type: 'video' });
    expect((item.renditions['video']?.width ?? 1) % 2).toBe(0);
    expect((item.renditions['video']?.height ?? 1) % 2).toBe(0);
  });

  it.each([
    ['unicode', 'Überraschung 写真 🎉.jpg'],
    ['slashes', '../../etc/passwd.jpg'],
    ['a newline', 'two\nlines.jpg'],
    ['300 characters', `${'x'.repeat(296)}.jpg`],
  ])('a file name with %s', async (_what, name) => {
    const item = await send(await orientedPhoto(1), name);
    expect(item.status).toBe('ready');
    expect(item.filename).not.toMatch(/[\n/\\]/);
    for (const url of Object.values(item.urls)) {
      if (url !== null) expect((await scene.client.request(url)).status).toBe(200);
    }
  });

  it('the same file twice at once is two items', async () => {
    const bytes = await orientedPhoto(6);
    const [one, other] = await Promise.all([send(bytes, 'same.jpg'), send(bytes, 'same.jpg')]);
    expect([one.status, other.status]).toEqual(['ready', 'ready']);
    expect(one.urls['medium']).not.toBe(other.urls['medium']);
  });
});

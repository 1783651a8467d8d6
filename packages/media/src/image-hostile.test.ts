import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PermanentError } from '@mediaworks/contracts';
import * as hostile from './fixtures/hostile-images.ts';
import { heicFile } from './fixtures/heic-file.ts';
import * as pictures from './fixtures/images.ts';
import { renderImage, type ImageOptions, type RenderedImage } from './image.ts';
import sharp from './sharp-setup.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'image-hostile-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function render(bytes: Buffer, name = 'input.bin', options: ImageOptions = {}): Promise<RenderedImage> {
  const folder = await mkdtemp(join(dir, 'out-'));
  const input = join(folder, name);
  await writeFile(input, bytes);
  return renderImage(input, options);
}

async function refusal(bytes: Buffer, name?: string): Promise<string> {
  const error = await render(bytes, name).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PermanentError);
  if (!(error instanceof PermanentError)) return '';
  expect(error.message).not.toMatch(/[/\\]|vips|sharp|ffmpeg|libheif/i);
  return error.code;
}

/** The file with its last part missing. */
const cut = (bytes: Buffer, kept = 0.6) => bytes.subarray(0, Math.floor(bytes.length * kept));

describe('refused', () => {
  test.each<[string, string, () => Buffer | Promise<Buffer>]>([
    ['nothing', 'empty_media', () => Buffer.alloc(0)],
    ['a header of 30000 × 30000', 'too_many_pixels', () => hostile.pngHeaderOnly(30_000, 30_000)],
    ['a bomb of 400 megapixels', 'too_many_pixels', () => hostile.bombPng(20_000)],
    [
      'a HEIC that claims 30000 × 30000',
      'too_many_pixels',
      () => heicFile({ claimedSize: { width: 30_000, height: 30_000 } }),
    ],
    ['a BMP that claims 30000 × 30000', 'too_many_pixels', () => claimedBmp(30_000, 30_000)],
    ['a header without pixels', 'corrupt_media', () => hostile.pngHeaderOnly(300, 200)],
    ['a truncated JPEG', 'corrupt_media', hostile.truncatedJpeg],
    ['a truncated PNG', 'corrupt_media', async () => cut(await pictures.transparentPng())],
    ['a truncated GIF', 'corrupt_media', async () => cut(await pictures.animatedGif())],
    [
      'a GIF that ends in its last frame',
      'corrupt_media',
      async () => cut(await pictures.animatedGif(), 0.97),
    ],
    ['a truncated WebP', 'corrupt_media', async () => cut(await pictures.animatedWebp())],
    ['a truncated TIFF', 'corrupt_media', async () => cut(await pictures.twoPageTiff())],
    ['a truncated AVIF', 'corrupt_media', async () => cut(await pictures.avifPicture(), 0.9)],
    ['a truncated HEIC', 'corrupt_media', () => cut(heicFile(), 0.8)],
    [
      'a truncated BMP',
      'corrupt_media',
      () => cut(pictures.bmpPicture({ width: 200, height: 150, bits: 24 })),
    ],
    ['a BMP that claims more than it has', 'corrupt_media', () => claimedBmp(3_000, 2_000)],
    ['a script with a GIF head', 'corrupt_media', hostile.scriptWithGifHead],
    [
      'an SVG that refers to other files',
      'unsupported_media',
      () => hostile.svgWithReferences('http://127.0.0.1:9/'),
    ],
    ['a playlist', 'unsupported_media', () => Buffer.from('#EXTM3U\nfile:///etc/passwd\n')],
    ['text', 'unsupported_media', () => Buffer.from('I am a photo, honestly.')],
  ])('%s is %s', async (_, code, make) => {
    expect(await refusal(await make(), 'photo.jpg')).toBe(code);
  });

  test('a drawing named like a photo makes no request', async () => {
    expect(await refusal(hostile.svgWithReferences('http://127.0.0.1:9/'), 'photo.png')).toBe(
      'unsupported_media',
    );
    // Not even where sharp is asked itself: the loader is switched off.
    await expect(sharp(hostile.svgWithReferences('http://127.0.0.1:9/')).metadata()).rejects.toThrow(
      /unsupported/,
    );
  });
});

describe('taken for what it is', () => {
  test('a PNG with the name of a JPEG', async () => {
    expect(await render(await pictures.transparentPng(), 'photo.jpg')).toMatchObject({
      width: 400,
      height: 300,
    });
  });

  test('a file name that looks like an option, a pattern, a page number', async () => {
    for (const name of ['-i.bmp', 'a%03d.bmp', 'b[0].bmp', 'ü n\nö.bmp']) {
      const bmp = pictures.bmpPicture({ width: 20, height: 10, bits: 24 });
      expect(await render(bmp, name)).toMatchObject({ width: 20, height: 10 });
    }
  });

  test('a GIF that lacks only its last byte', async () => {
    expect(await render(cut(await pictures.animatedGif(), 0.999))).toMatchObject({
      animated: true,
      metadata: { frames: 3 },
    });
  });

  test('a photo that is also a page: the page is gone', async () => {
    const { renditions } = await render(await hostile.polyglotJpeg());
    for (const { data } of Object.values(renditions)) {
      expect(data.includes('<script>')).toBe(false);
      expect(data.includes('PK\x03\x04')).toBe(false);
    }
  });

  test('10,000 frames: a picture of the first, in bounded time', async () => {
    const result = await render(hostile.manyFramesGif(10_000, 500));
    expect(result).toMatchObject({ animated: false, metadata: { frames: 10_000, still: 'too_many_frames' } });
  });

  test('an animation at the limit is done', async () => {
    expect(await render(hostile.manyFramesGif(1_000, 16))).toMatchObject({ animated: true, width: 16 });
  });
});

test('a picture of 98 megapixels in 12 KB takes no more memory than one row at a time', async () => {
  const input = join(dir, 'within-limits.png');
  await writeFile(input, hostile.bombPng(9_900));
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
  try {
    expect(await renderImage(input)).toMatchObject({ width: 9_900, height: 9_900 });
  } finally {
    clearInterval(watch);
  }
  expect(peak - before).toBeLessThan(150 * 2 ** 20);
});

describe('stopping', () => {
  test('a signal that has aborted stops it before it starts', async () => {
    const reason = new Error('cancelled');
    await expect(
      render(await pictures.onePixelPng(), 'a.png', { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  test('an abort in the middle of decoding is heard at once', async () => {
    const input = join(dir, 'large.png');
    await writeFile(input, hostile.bombPng(9_900));
    const controller = new AbortController();
    const rendering = renderImage(input, { signal: controller.signal });
    const reason = new Error('cancelled');
    setTimeout(() => controller.abort(reason), 50);
    const started = performance.now();
    await expect(rendering).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

function claimedBmp(width: number, height: number): Buffer {
  const file = pictures.bmpPicture({ width: 4, height: 4, bits: 24 });
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  return file;
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { thumbHashToRGBA } from 'thumbhash';
import * as pictures from './fixtures/images.ts';
import { colourAt, colourDistance, quadrantDistance } from './fixtures/look.ts';
import { fitWithin } from './image-sizes.ts';
import { renderImage, type ImageOptions, type ImageRendition, type RenderedImage } from './image.ts';
import sharp from './sharp-setup.ts';

const { quadrantColours } = pictures;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'image-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function render(bytes: Buffer, options: ImageOptions = {}): Promise<RenderedImage> {
  const folder = await mkdtemp(join(dir, 'out-'));
  const input = join(folder, 'input.bin');
  await writeFile(input, bytes);
  return renderImage(input, options);
}

const all = ({ renditions }: RenderedImage): ImageRendition[] =>
  Object.values(renditions).filter((rendition) => rendition !== undefined);

describe('a photo', () => {
  test('12 megapixels become the five sizes of the guide', async () => {
    const result = await render(await pictures.twelveMegapixelJpeg());
    expect(result).toMatchObject({ width: 4000, height: 3000, animated: false });
    expect(result.renditions).toMatchObject({
      thumbnail: { mime: 'image/jpeg', width: 150, height: 150 },
      small: { mime: 'image/jpeg', width: 320, height: 240 },
      medium: { mime: 'image/jpeg', width: 640, height: 480 },
      large: { mime: 'image/jpeg', width: 1080, height: 810 },
      webp: { mime: 'image/webp', width: 640, height: 480 },
    });
    expect(result.renditions.avif).toBeUndefined();
    for (const { data, width, height, mime } of all(result)) {
      expect(await sharp(data).metadata()).toMatchObject({ width, height, space: 'srgb', mediaType: mime });
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('stored in orientation %i comes out upright', async (orientation) => {
    const result = await render(await pictures.orientedPhoto(orientation));
    expect(result).toMatchObject({ width: 240, height: 160 });
    for (const { data } of all(result)) expect(await quadrantDistance(data)).toBeLessThan(15);
  });

  test('loses its place, owner, profile and every other word about it', async () => {
    const photo = await pictures.orientedPhoto(6, 900, 600);
    for (const secret of pictures.privateTexts) expect(photo.includes(secret)).toBe(true);
    const result = await render(photo, { profile: ['avif'] });
    const secrets = [
      ...pictures.privateTexts,
      'Exif',
      'EXIF',
      'GPS',
      'Examplecam',
      'xmp',
      'ICC_PROFILE',
      'ICCP',
    ];
    for (const { data } of all(result)) {
      const bytes = data.toString('latin1');
      expect(secrets.filter((secret) => bytes.includes(secret))).toEqual([]);
      const { exif, xmp, icc, orientation } = await sharp(data).metadata();
      expect({ exif, xmp, icc, orientation }).toEqual({});
    }
    for (const secret of pictures.privateTexts) expect(JSON.stringify(result.metadata)).not.toContain(secret);
    expect(result.metadata).toMatchObject({ format: 'jpeg', camera_model: 'EC-1', iso: 200 });
  });

  test('gives a thumbhash of the whole picture', async () => {
    const { thumbhash } = await render(await pictures.orientedPhoto(6));
    const { w, h, rgba } = thumbHashToRGBA(Buffer.from(thumbhash, 'base64'));
    expect(w / h).toBeCloseTo(1.5, 0);
    const at = (x: number, y: number) => [...rgba.subarray((y * w + x) * 4, (y * w + x) * 4 + 3)];
    const [red = 0, , blue = 0] = at(3, 3);
    expect(red).toBeGreaterThan(blue + 60);
    const [r = 0, , b = 0] = at(3, h - 4);
    expect(b).toBeGreaterThan(r + 60);
  });

  test('adds an AVIF when it is asked for', async () => {
    const { renditions } = await render(await pictures.orientedPhoto(1, 900, 600), {
      profile: ['avif', 'waveform'],
    });
    expect(renditions.avif).toMatchObject({ mime: 'image/avif', width: 640, height: 427 });
    expect(await sharp(renditions.avif?.data).metadata()).toMatchObject({
      format: 'heif',
      compression: 'av1',
    });
  });
});

describe('transparency', () => {
  test('is kept in WebP and AVIF, and is white in JPEG', async () => {
    const { renditions, metadata } = await render(await pictures.transparentPng(), { profile: ['avif'] });
    for (const kept of [renditions.webp, renditions.avif]) {
      expect(kept).toBeDefined();
      if (!kept) continue;
      expect((await colourAt(kept.data, 0.02, 0.02))[3]).toBe(0);
      expect(
        colourDistance(await colourAt(kept.data, 0.5, 0.5), [...quadrantColours.topLeft, 255]),
      ).toBeLessThanOrEqual(10);
    }
    for (const size of [renditions.thumbnail, renditions.small, renditions.medium, renditions.large]) {
      expect(colourDistance(await colourAt(size.data, 0.02, 0.02), [255, 255, 255, 255])).toBeLessThanOrEqual(
        3,
      );
    }
    expect(metadata).toMatchObject({ format: 'png', has_alpha: true });
  });
});

describe('animation', () => {
  test.each([
    ['GIF', pictures.animatedGif, { width: 120, height: 80 }],
    ['WebP', pictures.animatedWebp, { width: 640, height: 320 }],
  ])(
    '%s keeps its frames, delays and loops in the WebP; sizes show the first frame',
    async (_, make, size) => {
      const { animated, renditions, metadata } = await render(await make());
      expect(animated).toBe(true);
      expect(metadata['frames']).toBe(3);
      expect(renditions.webp).toMatchObject(size);
      expect(await sharp(renditions.webp.data, { animated: true }).metadata()).toMatchObject({
        ...{ format: 'webp', pages: 3, pageHeight: size.height, width: size.width },
        ...pictures.animationTiming,
      });
      const { data, info } = await sharp(renditions.webp.data, { page: 2 })
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(colourDistance([...data.subarray(0, 3)], quadrantColours.bottomLeft)).toBeLessThanOrEqual(10);
      expect(info.height).toBe(size.height);
      expect(
        colourDistance(await colourAt(renditions.medium.data, 0.5, 0.5), quadrantColours.topLeft),
      ).toBeLessThanOrEqual(10);
      expect((await sharp(renditions.medium.data).metadata()).pages).toBeUndefined();
    },
  );

  test('over the limits, its WebP shows the first frame and says so', async () => {
    const { animated, renditions, metadata } = await render(await pictures.animatedGif(), {
      limits: { animationFrames: 2 },
    });
    expect(animated).toBe(false);
    expect(metadata).toMatchObject({ frames: 3, still: 'too_many_frames' });
    expect((await sharp(renditions.webp.data).metadata()).pages).toBeUndefined();
  });
});

describe('sizes', () => {
  test('one pixel is a picture', async () => {
    const result = await render(await pictures.onePixelPng(), { profile: ['avif'] });
    for (const rendition of all(result)) {
      expect(rendition).toMatchObject({ width: 1, height: 1 });
      expect(
        colourDistance(await colourAt(rendition.data, 0, 0), quadrantColours.topLeft),
      ).toBeLessThanOrEqual(12);
    }
  });

  test.each([
    [1, 10_000],
    [10_000, 1],
    [3000, 160],
    [9000, 400],
  ])('%i × %i gives no side of nothing, and a sharp square', async (width, height) => {
    const result = await render(await pictures.plainPng(width, height));
    const side = Math.min(150, width, height);
    expect(result.renditions.thumbnail).toMatchObject({ width: side, height: side });
    expect(result.renditions.large).toMatchObject(fitWithin({ width, height }, 1080));
    expect(result.renditions.small).toMatchObject(fitWithin({ width, height }, 320));
    expect(
      colourDistance(await colourAt(result.renditions.thumbnail.data, 0.5, 0.5), quadrantColours.topLeft),
    ).toBeLessThanOrEqual(12);
  });

  test('are as computed, whatever the sides', async () => {
    const side = fc.integer({ min: 1, max: 1_500 });
    await fc.assert(
      fc.asyncProperty(side, side, async (width, height) => {
        const result = await render(await pictures.plainPng(width, height));
        expect(result).toMatchObject({ width, height });
        const sizes = { small: 320, medium: 640, large: 1080, webp: 640 } as const;
        for (const [name, max] of Object.entries(sizes)) {
          const rendition = result.renditions[name as keyof typeof sizes];
          expect(rendition).toMatchObject(fitWithin({ width, height }, max));
          expect(await sharp(rendition.data).metadata()).toMatchObject(fitWithin({ width, height }, max));
        }
      }),
      { seed: 1, numRuns: 15 },
    );
  });
});

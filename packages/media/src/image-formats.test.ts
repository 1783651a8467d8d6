import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { heicFile } from './fixtures/heic-file.ts';
import * as pictures from './fixtures/images.ts';
import { colourAt, colourDistance, quadrantDistance } from './fixtures/look.ts';
import { renderImage, type RenderedImage } from './image.ts';
import sharp from './sharp-setup.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'image-formats-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function render(bytes: Buffer): Promise<RenderedImage> {
  const folder = await mkdtemp(join(dir, 'out-'));
  const input = join(folder, 'input.bin');
  await writeFile(input, bytes);
  return renderImage(input);
}

describe('colours come out in sRGB', () => {
  test.each([
    ['Display P3', pictures.displayP3Png, { format: 'png', has_profile: true }, 8],
    ['16 bits', pictures.sixteenBitPng, { format: 'png', depth: 'ushort' }, 8],
  ])('%s', async (_, make, metadata, tolerance) => {
    const result = await render(await make());
    expect(result.metadata).toMatchObject(metadata);
    expect(await quadrantDistance(result.renditions.webp.data)).toBeLessThan(tolerance);
    expect(await quadrantDistance(result.renditions.large.data)).toBeLessThan(tolerance);
    expect(await sharp(result.renditions.large.data).metadata()).toMatchObject({
      space: 'srgb',
      depth: 'uchar',
    });
  });

  test('CMYK, as far as ink can show it', async () => {
    const { renditions, metadata } = await render(await pictures.cmykJpeg());
    expect(metadata).toMatchObject({ format: 'jpeg', color_space: 'cmyk', has_profile: true });
    const { data } = renditions.webp;
    expect(colourDistance(await colourAt(data, 0.25, 0.25), pictures.quadrantColours.topLeft)).toBeLessThan(
      20,
    );
    expect(
      colourDistance(await colourAt(data, 0.75, 0.75), pictures.quadrantColours.bottomRight),
    ).toBeLessThan(8);
    // No ink is as green or blue as a screen; what the profile makes of these two is given by it.
    expect(colourDistance(await colourAt(data, 0.75, 0.25), [84, 169, 48])).toBeLessThan(14);
    expect(colourDistance(await colourAt(data, 0.25, 0.75), [36, 66, 139])).toBeLessThan(14);
  });

  test('numbers of Display P3 are not taken for sRGB', async () => {
    const stored = await sharp(await pictures.displayP3Png())
      .keepIccProfile()
      .raw()
      .toBuffer();
    expect(colourDistance([...stored.subarray(0, 3)], pictures.quadrantColours.topLeft)).toBeGreaterThan(10);
  });

  test('grey stays grey', async () => {
    const { renditions } = await render(await pictures.greyPng());
    const [r = 0, g = 0, b = 0] = await colourAt(renditions.webp.data, 0.25, 0.25);
    expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThanOrEqual(2);
  });
});

describe('BMP', () => {
  test.each([
    { width: 200, height: 150, bits: 24 },
    { width: 201, height: 151, bits: 24 },
    { width: 201, height: 151, bits: 32 },
    { width: 200, height: 150, bits: 24, topDown: true },
    { width: 63, height: 200, bits: 24 },
  ] as const)('$width × $height, $bits bits', async (options) => {
    const result = await render(pictures.bmpPicture(options));
    expect(result).toMatchObject({
      width: options.width,
      height: options.height,
      metadata: { format: 'bmp' },
    });
    expect(await quadrantDistance(result.renditions.webp.data)).toBeLessThan(14);
    expect(await quadrantDistance(result.renditions.large.data)).toBeLessThan(14);
  });

  test('two pixels', async () => {
    expect(await render(pictures.bmpPicture({ width: 2, height: 1, bits: 24 }))).toMatchObject({
      width: 2,
      height: 1,
    });
  });
});

test.each([
  ['AVIF', pictures.avifPicture, 'avif', 1],
  ['TIFF, its first page', pictures.twoPageTiff, 'tiff', 2],
])('%s', async (_, make, format, frames) => {
  const result = await render(await make());
  expect(result).toMatchObject({ width: 200, height: 150, animated: false, metadata: { format, frames } });
  expect(await quadrantDistance(result.renditions.webp.data)).toBeLessThan(14);
});

describe('HEIC', () => {
  test('as it is stored', async () => {
    const result = await render(heicFile());
    expect(result).toMatchObject({ width: 64, height: 48, metadata: { format: 'heic', has_alpha: false } });
    expect(await quadrantDistance(result.renditions.webp.data)).toBeLessThan(20);
  });

  test('turned by its container: once, and whatever its Exif says', async () => {
    const { exif } = await sharp(await pictures.orientedPhoto(6)).metadata();
    const block = exif?.subarray(6);
    if (!block) throw new Error('The photo has no Exif block');
    const result = await render(heicFile({ turns: 1, exif: block }));
    expect(result).toMatchObject({ width: 48, height: 64, metadata: { camera_model: 'EC-1' } });
    const { topLeft, topRight, bottomLeft, bottomRight } = pictures.quadrantColours;
    const { data } = result.renditions.webp;
    // A quarter anticlockwise: the right side goes to the top.
    expect(colourDistance(await colourAt(data, 0.25, 0.25), topRight)).toBeLessThan(25);
    expect(colourDistance(await colourAt(data, 0.75, 0.25), bottomRight)).toBeLessThan(25);
    expect(colourDistance(await colourAt(data, 0.25, 0.75), topLeft)).toBeLessThan(25);
    expect(colourDistance(await colourAt(data, 0.75, 0.75), bottomLeft)).toBeLessThan(25);
  });

  test('mirrored', async () => {
    const { renditions } = await render(heicFile({ mirror: 'horizontal' }));
    expect(
      colourDistance(await colourAt(renditions.webp.data, 0.25, 0.25), pictures.quadrantColours.topRight),
    ).toBeLessThan(25);
    expect(
      colourDistance(await colourAt(renditions.webp.data, 0.75, 0.75), pictures.quadrantColours.bottomLeft),
    ).toBeLessThan(25);
  });

  test('with a wide-gamut profile', async () => {
    const { icc } = await sharp(await pictures.displayP3Png()).metadata();
    if (!icc) throw new Error('The picture has no profile');
    const plain = await render(heicFile());
    const wide = await render(heicFile({ icc }));
    const green = async ({ renditions }: RenderedImage) =>
      (await colourAt(renditions.webp.data, 0.75, 0.25)).slice(0, 3);
    // The same numbers in Display P3 are a stronger green, which sRGB has no red for.
    const [plainRed = 0, wideRed = 0] = [(await green(plain))[0], (await green(wide))[0]];
    expect(wideRed).toBeLessThan(plainRed - 10);
  });
});

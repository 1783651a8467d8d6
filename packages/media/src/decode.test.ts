import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeImage, type DecodedImage, type DecodeOptions } from './decode.ts';
import { truncatedJpeg } from './fixtures/hostile-images.ts';
import { colourDistance } from './fixtures/look.ts';
import * as pictures from './fixtures/images.ts';
import sharp from './sharp-setup.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'decode-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function decode(bytes: Buffer, options?: DecodeOptions): Promise<DecodedImage> {
  const path = join(await mkdtemp(join(dir, 'in-')), 'input.bin');
  await writeFile(path, bytes);
  return decodeImage(path, options);
}

const pixelAt = ({ data, width, height }: DecodedImage, x: number, y: number) => {
  const at = (Math.floor(y * height) * width + Math.floor(x * width)) * 3;
  return [...data.subarray(at, at + 3)];
};

test.each([1, 2, 3, 4, 5, 6, 7, 8])('a JPEG stored with orientation %d comes out upright', async (stored) => {
  const decoded = await decode(await pictures.orientedPhoto(stored));
  expect(decoded).toMatchObject({ width: 240, height: 160 });
  expect(decoded.data).toHaveLength(240 * 160 * 3);
  expect(colourDistance(pixelAt(decoded, 0.25, 0.25), pictures.quadrantColours.topLeft)).toBeLessThan(12);
  expect(colourDistance(pixelAt(decoded, 0.75, 0.75), pictures.quadrantColours.bottomRight)).toBeLessThan(12);
});

test('a grey JPEG has three equal channels', async () => {
  const decoded = await decode(
    await sharp(await pictures.greyPng())
      .jpeg()
      .toBuffer(),
  );
  expect(decoded.data).toHaveLength(decoded.width * decoded.height * 3);
  const [red, green, blue] = pixelAt(decoded, 0.5, 0.5);
  expect([green, blue]).toEqual([red, red]);
});

test('a JPEG of ink comes out in sRGB', async () => {
  const decoded = await decode(await pictures.cmykJpeg());
  expect(colourDistance(pixelAt(decoded, 0.25, 0.25), pictures.quadrantColours.topLeft)).toBeLessThan(20);
});

test.each<[string, string, () => Promise<Buffer>, DecodeOptions]>([
  ['cut', 'corrupt_media', truncatedJpeg, {}],
  ['over the limit', 'too_many_pixels', () => pictures.orientedPhoto(6), { limits: { pixels: 1_000 } }],
  ['empty', 'empty_media', () => Promise.resolve(Buffer.alloc(0)), {}],
])('a JPEG that is %s is refused as %s', async (_, code, make, options) => {
  await expect(decode(await make(), options)).rejects.toMatchObject({ code });
});

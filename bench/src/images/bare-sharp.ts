import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type OutputInfo, type Sharp } from 'sharp';

// One image a core in flight, each on one thread, beats one image on all threads; and nothing comes twice.
sharp.concurrency(1);
sharp.cache(false);

/**
 * The least work that we know of for the five renditions of a JPEG: one decode that shrinks on load to 1080, kept as
 * raw pixels; 640 from it; 320, 150 and the WebP from the 640. No limits, no check, no thumbhash, no metadata.
 */
export async function renderBare(input: string, outDir: string): Promise<void> {
  const large = await sharp(input)
    .rotate()
    .resize(1080, 1080, { fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const medium = await pixels(large)
    .resize(640, 640, { fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const jpeg = { quality: 85, optimiseCoding: false };
  await put(outDir, 'large.jpg', pixels(large).jpeg(jpeg));
  await put(outDir, 'medium.jpg', pixels(medium).jpeg(jpeg));
  await put(outDir, 'small.jpg', pixels(medium).resize(320, 320, { fit: 'inside' }).jpeg(jpeg));
  await put(outDir, 'thumbnail.jpg', pixels(medium).resize(150, 150, { fit: 'cover' }).jpeg(jpeg));
  await put(outDir, 'webp.webp', pixels(medium).webp({ quality: 80, effort: 2 }));
}

function pixels({ data, info }: { data: Buffer; info: OutputInfo }): Sharp {
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } });
}

async function put(outDir: string, name: string, image: Sharp): Promise<void> {
  await writeFile(join(outDir, name), await image.toBuffer());
}

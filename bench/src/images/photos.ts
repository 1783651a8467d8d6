import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

const WIDTH = 4000;
const HEIGHT = 3000;
/** How far apart the pictures are cut from the scene, in pixels. */
const STEP = 6;

/**
 * Draws `count` different 12-megapixel JPEGs of some 3 to 4 MB, as a phone makes them, and returns their paths. The
 * scene is noise of several sizes over a gradient: it has large shapes, texture and grain, and so compresses like a
 * photograph, which neither plain noise nor a plain gradient does.
 */
export async function makePhotos(dir: string, count: number): Promise<string[]> {
  const [width, height] = [WIDTH + STEP * count, HEIGHT];
  const scene = await drawScene(width, height);
  const paths = Array.from({ length: count }, (_, n) => join(dir, `photo-${n}.jpg`));
  const left = [...paths.entries()];
  const draw = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [n, path] = next;
      const photo = await sharp(scene, { raw: { width, height, channels: 3 } })
        .extract({ left: n * STEP, top: 0, width: WIDTH, height: HEIGHT })
        .jpeg({ quality: 90 })
        .withExif({ IFD0: { Model: 'Camera' } })
        .toBuffer();
      await writeFile(path, photo);
    }
  };
  await Promise.all([draw(), draw()]);
  return paths;
}

async function drawScene(width: number, height: number): Promise<Buffer> {
  const layers = await Promise.all(
    [
      { cell: 500, weight: 0.9 },
      { cell: 60, weight: 0.5 },
      { cell: 9, weight: 0.3 },
      { cell: 3, weight: 0.14 },
      { cell: 1, weight: 0.05 },
    ].map(async ({ cell, weight }) => ({ weight, pixels: await drawNoise(width, height, cell) })),
  );
  const scene = Buffer.alloc(width * height * 3);
  for (let i = 0; i < scene.length; i++) {
    let value = 128;
    for (const { weight, pixels } of layers) value += weight * ((pixels[i] ?? 128) - 128);
    scene[i] = Math.min(255, Math.max(0, value));
  }
  return scene;
}

/** Smooth noise whose spots are `cell` pixels wide; the same at every call. */
async function drawNoise(width: number, height: number, cell: number): Promise<Buffer> {
  const [columns, rows] = [Math.ceil(width / cell) + 1, Math.ceil(height / cell) + 1];
  const small = Buffer.alloc(columns * rows * 3);
  let state = cell * 2_654_435_761;
  for (let i = 0; i < small.length; i++) {
    // Marsaglia's xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    small[i] = state & 255;
  }
  return sharp(small, { raw: { width: columns, height: rows, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
}

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { drawSlide } from '../pdf/testing/drawn-slide.ts';
import { openSlideReader, type SlideReader } from './index.ts';

let folder: string;
let reader: SlideReader;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slide-reader-'));
  reader = openSlideReader();
});
afterAll(async () => {
  await reader.close();
  await rm(folder, { recursive: true });
});

const LINES = ['Gradient Descent', 'Learning rate controls the step', 'Momentum smooths the path'];

function draw(name: string, options: { width: number; height: number; paper?: string; ink?: string }) {
  const { width: w, height: h } = options;
  return drawSlide(
    join(folder, name),
    LINES.map((text, n) => ({
      text,
      x: w * 0.08,
      y: h * (0.16 + n * 0.2),
      size: h * (n === 0 ? 0.08 : 0.05),
    })),
    options,
  );
}

it('reads words, where they are, and the title, on slides of any size and colour', async () => {
  const before = await readdir('.');
  for (const [name, look] of Object.entries({
    full: { width: 1920, height: 1080 },
    small: { width: 640, height: 360 },
    huge: { width: 3840, height: 2160, paper: '#1b2430', ink: '#ffffff' },
  })) {
    const slide = await draw(`${name}.jpg`, look);
    const read = await reader.read(slide.path);
    expect(read).toMatchObject({ title: LINES[0], text: LINES.join('\n'), failed: null });
    const [first] = read.words;
    expect((first?.box.x ?? 0) / look.width).toBeCloseTo(0.085, 1);
    expect((first?.box.y ?? 0) / look.height).toBeCloseTo(0.1, 1);
    expect((first?.box.h ?? 0) / look.height).toBeCloseTo(0.08, 1);
  }
  expect(await readdir('.')).toEqual(before);
});

it('finds nothing where nothing is written', async () => {
  const slide = await drawSlide(join(folder, 'empty.jpg'), [], { width: 1280, height: 720 });
  expect(await reader.read(slide.path)).toEqual({ title: null, text: '', words: [], failed: null });
});

it('tells why a picture could not be read, and reads the next one', async () => {
  const path = join(folder, 'broken.jpg');
  await writeFile(path, 'no picture');
  expect(await reader.read(path)).toMatchObject({
    words: [],
    failed: expect.stringContaining('unsupported'),
  });
  const hasty = openSlideReader({ timeoutMs: 1 });
  const slide = await draw('next.jpg', { width: 1280, height: 720 });
  expect(await hasty.read(slide.path)).toMatchObject({ words: [], failed: 'it took too long' });
  await hasty.close();
  expect((await reader.read(slide.path)).title).toBe(LINES[0]);
});

it('stops at once, and can go on', async () => {
  const slide = await draw('stopped.jpg', { width: 1920, height: 1080 });
  const stop = new AbortController();
  const reading = reader.read(slide.path, { signal: stop.signal });
  stop.abort(new Error('stopped'));
  await expect(reading).rejects.toThrow('stopped');
  expect((await reader.read(slide.path)).title).toBe(LINES[0]);
});

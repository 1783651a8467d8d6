import { expect, test } from '@jest/globals';
import { createPlanes } from './planes.ts';
import { createPyramids, type Level } from './pyramid.ts';
import { noise } from './testing/noise.ts';

const at = ({ data, width, height }: Level, x: number, y: number, channel: number) =>
  data[(Math.min(height - 1, y) * width + Math.min(width - 1, x)) * 3 + channel] ?? NaN;

/** Two thirds: of three pixels the outer ones, each with half as much of the middle one, both ways. */
function third(photo: Level, x: number, y: number, channel: number): number {
  const main = (n: number) => (n >> 1) * 3 + (n & 1) * 2;
  const side = (n: number) => (n >> 1) * 3 + 1;
  const row = (line: number) => 2 * at(photo, main(x), line, channel) + at(photo, side(x), line, channel);
  return (2 * row(main(y)) + row(side(y))) / 9;
}

function half(level: Level, x: number, y: number, channel: number): number {
  const row = (line: number) => at(level, 2 * x, line, channel) + at(level, 2 * x + 1, line, channel);
  return (row(2 * y) + row(2 * y + 1)) / 4;
}

const pyramids = createPyramids({ width: 320, height: 240, smallest: 16 });

test.each([
  [150, 150],
  [151, 100],
  [152, 149],
  [221, 131],
  [100, 301],
])('of a photo of %d × %d each level is the one before, shrunk', (width, height) => {
  const photo = { data: noise(width * height * 3, 7), width, height };
  const { levels } = pyramids.of(photo);
  expect(levels[0]).toMatchObject({ width, height, factor: 1 });
  expect(levels[1]).toMatchObject({
    width: Math.round((width * 2) / 3),
    height: Math.round((height * 2) / 3),
  });
  for (const [n, level] of levels.entries()) {
    const before = levels[n - 1];
    if (!before) continue;
    const shrunk = n === 1 ? third : half;
    let most = 0;
    for (let y = 0; y < level.height; y++) {
      for (let x = 0; x < level.width; x++) {
        for (let channel = 0; channel < 3; channel++)
          most = Math.max(most, Math.abs(at(level, x, y, channel) - shrunk(before, x, y, channel)));
      }
    }
    expect(most).toBeLessThan(0.51);
  }
});

test.each([
  [1, 1, 1],
  [1, 5_000, 1],
  [9_000, 75, 2],
  [700, 300, 4],
])('of a photo of %d × %d there are %d levels', (width, height, count) => {
  const data = new Uint8Array(width * height * 3).fill(80);
  const { levels } = pyramids.of({ data, width, height });
  expect(levels).toHaveLength(count);
  for (const { data: pixels } of levels) expect(pixels.every((value) => value === 80)).toBe(true);
});

test('a large photo leaves nothing of itself in the next', () => {
  pyramids.of({ data: new Uint8Array(6_000 * 5_000 * 3).fill(255), width: 6_000, height: 5_000 });
  const [, level] = pyramids.of({ data: new Uint8Array(100 * 100 * 3), width: 100, height: 100 }).levels;
  expect(level?.data.every((value) => value === 0)).toBe(true);
});

test.each(['rgb', 'bgr'] as const)(
  'planes in the order %s are (value − mean) / scale, each picture its own',
  (channels) => {
    // Twice sixteen pixels, and seven that are left over.
    const size = 39;
    const planes = createPlanes(size, { channels, mean: 127.5, scale: 128 }, 2);
    const pictures = [noise(size * 3, 7), noise(size * 6, 7).subarray(size * 3)];
    for (const [n, picture] of pictures.entries()) {
      planes.bytes.set(picture);
      planes.write(n);
    }
    const order = channels === 'rgb' ? [0, 1, 2] : [2, 1, 0];
    const expected = pictures.flatMap((picture) =>
      order.flatMap((channel) =>
        Array.from({ length: size }, (_, pixel) => ((picture[pixel * 3 + channel] ?? NaN) - 127.5) / 128),
      ),
    );
    expect([...planes.input]).toEqual(expected.map((value) => Math.fround(value)));
  },
);

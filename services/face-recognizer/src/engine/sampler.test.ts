import { expect, test } from '@jest/globals';
import { createPyramids } from './pyramid.ts';
import type { Lattice } from './sampler.ts';
import type { Picture } from './sampling.ts';
import { noise } from './testing/noise.ts';

/** The colour between four pixels; black beyond the edges. */
function colour({ data, width, height }: Picture, x: number, y: number, channel: number): number {
  const at = (column: number, row: number) =>
    column < 0 || row < 0 || column >= width || row >= height
      ? 0
      : (data[(row * width + column) * 3 + channel] ?? NaN);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const row = (line: number) => at(left, line) * (1 - x + left) + at(left + 1, line) * (x - left);
  return row(top) * (1 - y + top) + row(top + 1) * (y - top);
}

function expected(picture: Picture, lattice: Lattice, n: number, channel: number): number {
  const { width, x, y, column, row } = lattice;
  const [across, down] = [n % width, Math.floor(n / width)];
  const shrinks = Math.max(Math.hypot(...column), Math.hypot(...row)) > 1.2;
  const parts = shrinks ? [-0.25, 0.25] : [0];
  const colours = parts.flatMap((v) =>
    parts.map((u) =>
      colour(
        picture,
        x + (across + u) * column[0] + (down + v) * row[0],
        y + (across + u) * column[1] + (down + v) * row[1],
        channel,
      ),
    ),
  );
  return colours.reduce((sum, value) => sum + value, 0) / colours.length;
}

const turned = (side: number, scale: number, angle: number, x: number, y: number): Lattice => {
  const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return { width: side, height: side, x, y, column: [a, b], row: [-b, a] };
};

const pyramids = createPyramids({ width: 320, height: 240, smallest: 16 });

test.each<[string, number, number, Lattice]>([
  ['as it is', 64, 48, { width: 64, height: 48, x: 0, y: 0, column: [1, 0], row: [0, 1] }],
  ['enlarged', 90, 70, turned(50, 0.37, 0, 10.2, 12.9)],
  ['turned', 200, 200, turned(64, 1, 0.7, 80, 60)],
  ['turned, shrunk', 200, 200, turned(64, 1.7, -0.7, 40, 110)],
  ['over every edge', 60, 50, turned(112, 1.1, 0.4, -20, -30)],
  ['over every edge, shrunk', 60, 50, turned(80, 1.5, 2.9, 90, 60)],
  ['beside the picture', 60, 50, turned(20, 1, 0, 500, -300)],
  ['squeezed', 300, 200, { width: 160, height: 180, x: 0.4, y: 0.1, column: [1.87, 0], row: [0, 1.11] }],
  ['more than is brought at a time', 1_200, 900, turned(700, 1, 0.6, 300, 20)],
  ['more pixels of a row than are made at a time', 1_500, 20, turned(1_400, 1.01, 0, 3, -600)],
  ['one pixel', 1, 1, turned(8, 0.5, 0, -1, -1)],
])('samples a picture %s', (_, width, height, lattice) => {
  const { levels, sampler } = pyramids.of({ data: noise(width * height * 3, 11), width, height });
  // Of what lies in the memory already, and of what has to be brought there.
  for (const level of levels.slice(0, 2)) {
    const into = new Uint8Array(lattice.width * lattice.height * 3).fill(77);
    sampler.sample(level, lattice, into);
    let most = 0;
    // Of many pixels some, of every part and both ends of the rows.
    const step = lattice.width > 300 ? 97 : 1;
    for (let n = 0; n < lattice.width * lattice.height; n += step) {
      for (let channel = 0; channel < 3; channel++)
        most = Math.max(
          most,
          Math.abs((into[n * 3 + channel] ?? NaN) - expected(level, lattice, n, channel)),
        );
    }
    expect(most).toBeLessThan(1);
  }
});

import { describe, expect, test } from '@jest/globals';
import { alignedPoints, alignFace, mirror } from './align.ts';
import { createPyramids } from './pyramid.ts';
import { mirrorSquare, sampleSquare } from './sampling.ts';
import { apply, fitSimilarity, invert, type Point, squareAround } from './similarity.ts';
import { noise } from './testing/noise.ts';

/** Turned by 30° clockwise as seen, twice as large, then moved. */
const known = { a: 2 * Math.cos(Math.PI / 6), b: 2 * Math.sin(Math.PI / 6), tx: 40, ty: -15 };

describe('fitSimilarity', () => {
  test('finds the turn, scale and shift that points went through', () => {
    const fitted = fitSimilarity(
      alignedPoints,
      alignedPoints.map((point) => apply(known, point)),
    );
    for (const key of ['a', 'b', 'tx', 'ty'] as const) expect(fitted[key]).toBeCloseTo(known[key], 9);
  });

  test('of points that no similarity joins, takes the least squares', () => {
    const from: Point[] = [
      [0, 0],
      [10, 0],
      [0, 10],
      [10, 10],
    ];
    const to: Point[] = [
      [0, 0],
      [10, 0],
      [0, 10],
      [14, 10],
    ];
    const cost = (fit: ReturnType<typeof fitSimilarity>) =>
      from.reduce((sum, point, n) => {
        const [[x, y], [u = 0, v = 0]] = [apply(fit, point), to[n] ?? []];
        return sum + (x - u) ** 2 + (y - v) ** 2;
      }, 0);
    const best = fitSimilarity(from, to);
    for (const key of ['a', 'b', 'tx', 'ty'] as const) {
      for (const change of [-0.01, 0.01])
        expect(cost({ ...best, [key]: best[key] + change })).toBeGreaterThan(cost(best));
    }
  });

  test('never mirrors', () => {
    const mirrored = alignedPoints.map(([x, y]) => [112 - x, y] as const);
    const { a, b } = fitSimilarity(alignedPoints, mirrored);
    expect(a * a + b * b).toBeLessThan(1);
  });

  test('only shifts where all points are one', () => {
    expect(fitSimilarity([[5, 5]], [[7, 9]])).toEqual({ a: 1, b: 0, tx: 2, ty: 4 });
  });

  test('is undone by its inverse', () => {
    const [x, y] = apply(invert(known), apply(known, [12, 34]));
    expect([x, y].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([12, 34]);
  });
});

/** A dark picture with a white dot at each point. */
function dots(points: readonly Point[], size: number, radius: number) {
  const data = new Uint8Array(size * size * 3).fill(20);
  for (const [px, py] of points) {
    for (let y = Math.floor(py - radius); y <= py + radius; y++) {
      for (let x = Math.floor(px - radius); x <= px + radius; x++) {
        if (Math.hypot(x + 0.5 - px, y + 0.5 - py) <= radius)
          data.fill(255, (y * size + x) * 3, (y * size + x) * 3 + 3);
      }
    }
  }
  return createPyramids({ width: 320, height: 240, smallest: 16 }).of({ data, width: size, height: size });
}

/** The middle of what is bright about a point of an aligned face. */
function brightNear(face: Uint8Array, [px, py]: Point): Point {
  let [sum, sumX, sumY] = [0, 0, 0];
  for (let y = Math.round(py) - 6; y <= py + 6; y++) {
    for (let x = Math.round(px) - 6; x <= px + 6; x++) {
      const weight = Math.max(0, (face[(y * 112 + x) * 3] ?? 0) - 40);
      sum += weight;
      sumX += weight * (x + 0.5);
      sumY += weight * (y + 0.5);
    }
  }
  return [sumX / sum, sumY / sum];
}

describe('alignFace', () => {
  test.each([
    ['as it should be', 1, 0],
    ['three times as large', 3, 0],
    ['seven times as large, on its side', 7, 90],
    ['turned by 45°', 2.5, 45],
    ['turned by −45°', 1.4, -45],
  ])('brings the points to where embedders want them: a face %s', (_, scale, degrees) => {
    const angle = (degrees * Math.PI) / 180;
    const view = squareAround([500, 480], 112 * scale, 112, angle);
    const points = alignedPoints.map((point) => apply(view, point));
    const face = alignFace(dots(points, 1000, 2 * scale), points);
    for (const point of alignedPoints) {
      const [x, y] = brightNear(face, point);
      expect(Math.hypot(x - point[0], y - point[1])).toBeLessThan(0.35);
    }
  });

  test('averages what it shrinks: stripes of a pixel become grey', () => {
    const size = 800;
    const data = Uint8Array.from({ length: size * size * 3 }, (_, n) => (Math.floor(n / 3) % 2 ? 255 : 0));
    const seen = sampleSquare(
      createPyramids({ width: 320, height: 240, smallest: 16 }).of({ data, width: size, height: size }),
      100,
      squareAround([400, 400], 600, 100, 0.3),
    );
    expect(Math.min(...seen)).toBeGreaterThan(110);
    expect(Math.max(...seen)).toBeLessThan(145);
  });

  test('mirrors what it samples', () => {
    const photo = createPyramids({ width: 320, height: 240, smallest: 16 }).of({
      data: noise(300 * 300 * 3, 11),
      ...{ width: 300, height: 300 },
    });
    const view = squareAround([150, 140], 90, 80, 0.4);
    const mirrored = sampleSquare(photo, 80, view);
    mirrorSquare(mirrored, 80);
    const seen = sampleSquare(photo, 80, view, new Uint8Array(80 * 80 * 3), true);
    // What is added up the other way round may be rounded differently.
    expect(Math.max(...seen.map((value, n) => Math.abs(value - (mirrored[n] ?? NaN))))).toBeLessThan(2);
  });

  test('is black beyond the edges', () => {
    const picture = { data: new Uint8Array(50 * 50 * 3).fill(200), width: 50, height: 50 };
    const seen = sampleSquare(
      createPyramids({ width: 320, height: 240, smallest: 16 }).of(picture),
      100,
      squareAround([0, 25], 100, 100),
    );
    expect([seen[(50 * 100 + 25) * 3], seen[(50 * 100 + 75) * 3]]).toEqual([0, 200]);
  });

  test('a mirrored face mirrored is the face', () => {
    const face = Uint8Array.from({ length: 112 * 112 * 3 }, (_, n) => n % 251);
    expect(mirror(mirror(face))).toEqual(face);
    expect([...mirror(face).subarray(0, 3)]).toEqual([...face.subarray(111 * 3, 112 * 3)]);
  });
});

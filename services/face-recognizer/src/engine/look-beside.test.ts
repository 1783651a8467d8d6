import { expect, test } from '@jest/globals';
import type { Detector } from './detector.ts';
import type { TurnedCandidate } from './look.ts';
import { lookingBeside } from './look-beside.ts';
import { createPyramids } from './pyramid.ts';
import { noise } from './testing/noise.ts';

const { signal } = new AbortController();
const input = { width: 320, height: 240, smallest: 16 };
const size = { width: 1200, height: 900 };
const photo = createPyramids(input).of({ data: noise(size.width * size.height * 3, 7), ...size });

function countingDetector() {
  const asked = { views: 0 };
  const detector: Detector = {
    spec: {
      ...input,
      ...({ channels: 'rgb', mean: 127, scale: 128, kind: 'rfb' } as const),
      ...{ file: { sha256: '' }, threshold: 0.65, overlap: 0.4 },
    },
    detect: () => {
      asked.views++;
      return Promise.resolve([]);
    },
  };
  return { detector, asked };
}

const face = (x: number, side: number, roll = 0): TurnedCandidate => ({
  ...{ left: x, right: x + side, top: 400, bottom: 400 + side, score: 1, roll },
});

test('beside small ones it looks around each, and never twice at one place', async () => {
  const { detector, asked } = countingDetector();
  const look = lookingBeside(detector, photo, { most: 20, least: 0.1, signal });
  await look([face(100, 24)]);
  expect(asked.views).toBe(8);
  await look([face(100, 24)]);
  expect(asked.views).toBe(8);
  await look([face(100, 24), face(900, 24)]);
  expect(asked.views).toBe(16);
  await look([face(100, 24), face(900, 24), face(1000, 24)]);
  expect(asked.views).toBe(20);
});

test('beside large ones it looks only where one of them is tilted', async () => {
  const { detector, asked } = countingDetector();
  await lookingBeside(detector, photo, { most: 20, least: 0.1, signal })([face(100, 200), face(500, 200)]);
  expect(asked.views).toBe(0);
  await lookingBeside(detector, photo, { most: 20, least: 0.1, signal })([
    face(100, 200),
    face(500, 200, 0.6),
  ]);
  expect(asked.views).toBeGreaterThan(0);
});

import { expect, test } from '@jest/globals';
import { createGallery, similarityAt } from './engine/index.ts';
import { presentConfidence, presentFace, presentMatches } from './present-face.ts';

const calibration = { slope: 30.8, offset: 9.09, floor: 0.36 };
const face = {
  box: { x: 1.234, y: 2, w: 30.06, h: 40 },
  landmarks: [[1.26, 2.04]] as const,
  score: 0.987654,
  quality: { sharpness: 0.123456, size: 30.06, blurred: false, prominence: 0.5 },
  embedding: Float32Array.of(1, 0),
};

test('what is told of a face is rounded, and is not its embedding', () => {
  expect(presentFace(face)).toEqual({
    box: { x: 1.2, y: 2, w: 30.1, h: 40 },
    landmarks: [[1.3, 2]],
    score: 0.9877,
    quality: { sharpness: 0.1235, size: 30.1, blurred: false, prominence: 0.5 },
  });
});

test('nothing below a threshold shows as being at it', () => {
  for (const percent of [50, 70, 99]) {
    const at = similarityAt(calibration, percent, 64);
    expect(presentConfidence(calibration, at + 1e-9, 64)).toBe(percent);
    expect(presentConfidence(calibration, at - 1e-9, 64)).toBe(percent - 0.1);
  }
});

test('the three nearest persons are told, each by their best photo', async () => {
  const gallery = createGallery(2);
  const at = (degrees: number) =>
    Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
  for (const [n, person, degrees] of [
    [1, 'a', 60],
    [2, 'a', 10],
    [3, 'b', 20],
    [4, 'c', 30],
    [5, 'd', 40],
  ] as const) {
    gallery.add({ id: String(n), person, embedding: at(degrees) });
  }
  const matches = await presentMatches(face, gallery, calibration);
  expect(matches.map(({ person_id }) => person_id)).toEqual(['a', 'b', 'c']);
  expect(matches[0]?.similarity).toBeCloseTo(Math.cos(Math.PI / 18), 3);
  expect(await presentMatches(face, createGallery(2), calibration)).toEqual([]);
});

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { confidence, cut, similarityAt } from './confidence.ts';

const calibration = { slope: 30.8, offset: 9.09, floor: 0.36 };

test.each([
  [1, 0.36],
  [64, 0.43],
  [211, 0.47],
  [1_000, 0.52],
])('among %d persons the cut is %d', (persons, expected) => {
  expect(cut(calibration, persons)).toBeCloseTo(expected, 2);
});

test('50% is the cut itself, and more likeness is more confidence', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.double({ min: 0.001, max: 0.3, noNaN: true }),
      (n, more) => {
        const at = cut(calibration, n);
        expect(confidence(calibration, at, n)).toBe(50);
        expect(confidence(calibration, at + more, n)).toBeGreaterThan(50);
        expect(confidence(calibration, at - more, n)).toBeLessThan(50);
      },
    ),
    { seed: 1 },
  );
});

test('a percentage as a threshold is the cosine that has it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0.5, max: 99.5, noNaN: true }),
      (n, percent) => {
        expect(confidence(calibration, similarityAt(calibration, percent, n), n)).toBeCloseTo(percent, 6);
      },
    ),
    { seed: 1 },
  );
  expect(similarityAt(calibration, 0, 5)).toBe(-Infinity);
  expect(similarityAt(calibration, 100, 5)).toBe(Infinity);
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitWithin, thumbnailSide } from './image-sizes.ts';

const side = fc.integer({ min: 1, max: 30_000 });
const maxSide = fc.constantFrom(320, 640, 1080);

describe('fitWithin', () => {
  test('never enlarges, keeps to the maximum, and never loses a side', () => {
    fc.assert(
      fc.property(side, side, maxSide, (width, height, max) => {
        const fitted = fitWithin({ width, height }, max);
        expect(fitted.width).toBeGreaterThanOrEqual(1);
        expect(fitted.height).toBeGreaterThanOrEqual(1);
        expect(fitted.width).toBeLessThanOrEqual(Math.min(width, max));
        expect(fitted.height).toBeLessThanOrEqual(Math.min(height, max));
        expect(Math.max(fitted.width, fitted.height)).toBe(Math.min(max, Math.max(width, height)));
      }),
      { seed: 1 },
    );
  });

  test('keeps the aspect to within a pixel', () => {
    fc.assert(
      fc.property(side, side, maxSide, (width, height, max) => {
        const fitted = fitWithin({ width, height }, max);
        const factor = Math.min(1, max / Math.max(width, height));
        expect(Math.abs(fitted.width - width * factor)).toBeLessThan(1);
        expect(Math.abs(fitted.height - height * factor)).toBeLessThan(1);
      }),
      { seed: 1 },
    );
  });
});

test('a thumbnail is 150, or the largest square there is', () => {
  expect(thumbnailSide({ width: 4000, height: 3000 })).toBe(150);
  expect(thumbnailSide({ width: 4000, height: 90 })).toBe(90);
  expect(thumbnailSide({ width: 1, height: 10_000 })).toBe(1);
});

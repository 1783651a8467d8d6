import { expect, test } from '@jest/globals';
import { ALIGNED_SIDE } from './align.ts';
import { sharpnessOf } from './quality.ts';

/** A face of waves: so many levels from dark to light, a wave every so many pixels; each colour a little aside. */
function waves(levels: number, length: number): Uint8Array {
  return Uint8Array.from({ length: ALIGNED_SIDE ** 2 * 3 }, (_, n) => {
    const [pixel, channel] = [Math.floor(n / 3), n % 3];
    const [x, y] = [pixel % ALIGNED_SIDE, Math.floor(pixel / ALIGNED_SIDE)];
    const turn = (2 * Math.PI) / length;
    const height = Math.sin(x * turn + channel) + Math.sin(y * turn + 2 * channel);
    return Math.round(127 + (height * levels) / 4);
  });
}

test.each([240, 60, 12, 6])('soft is soft with %d levels between dark and light', (levels) => {
  expect(sharpnessOf(waves(levels, 60))).toBeLessThan(0.1);
});

test('what is fine is sharp, whatever its contrast', () => {
  const [strong, weak] = [sharpnessOf(waves(200, 8)), sharpnessOf(waves(20, 8))];
  expect(strong).toBeGreaterThan(0.15);
  expect(weak / strong).toBeGreaterThan(0.95);
  expect(weak / strong).toBeLessThan(1.05);
});

test('one colour is not sharp', () => {
  expect(sharpnessOf(new Uint8Array(ALIGNED_SIDE ** 2 * 3).fill(90))).toBe(0);
});

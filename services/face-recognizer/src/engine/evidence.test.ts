import { expect, test } from '@jest/globals';
import { createEvidence } from './evidence.ts';

const figures = {
  ...{ least: 1, sure: 3, clear: 0, doubtful: 1 },
  direction: Buffer.from(Int8Array.of(100, -50)).toString('base64'),
  ...{ scale: 0.02, offset: -4, mirrored: 3, confirmed: 0.5 },
};
const evidence = createEvidence(figures);

test('an embedding speaks for a face by its direction', () => {
  expect(evidence.ofEmbedding(Float32Array.of(1, 0))).toBeCloseTo(-2);
  expect(evidence.ofEmbedding(Float32Array.of(0, 1))).toBeCloseTo(-5);
});

test('further looks speak by the mean logit of their scores, and none says more than it may', () => {
  expect(evidence.ofLooks([0.5, 0.5])).toBeCloseTo(0);
  expect(evidence.ofLooks([1, 0])).toBeCloseTo(0);
  expect(evidence.ofLooks([0.9, 0.5])).toBeCloseTo((0.5 * Math.log(9)) / 2);
  expect(evidence.ofLooks([1, 1])).toBeCloseTo(evidence.most.looks);
  expect(evidence.ofMirror(1)).toBeCloseTo(evidence.most.mirror);
});

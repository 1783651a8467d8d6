import { expect, test } from '@jest/globals';
import { fromBytes, toBytes } from './embedding-bytes.ts';

test('an embedding is kept as little-endian floats, and comes back the same', () => {
  const embedding = Float32Array.of(1, -0.5, 1e-20, Math.fround(0.1));
  const bytes = toBytes(embedding);
  expect(bytes.subarray(0, 8).toString('hex')).toBe('0000803f000000bf');
  expect(fromBytes(bytes)).toEqual(embedding);
  // What a database answers lies anywhere in a larger buffer.
  expect(fromBytes(Buffer.concat([Buffer.from([7]), bytes]).subarray(1))).toEqual(embedding);
});

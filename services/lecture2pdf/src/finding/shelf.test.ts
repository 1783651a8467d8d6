import { expect, it } from '@jest/globals';
import { createShelf } from './shelf.ts';

it('keeps arrays of every kind and size as they were, side by side, whatever becomes of the first ones', () => {
  const keep = createShelf();
  const sizes = [0, 1, 3, 690, 70_000, 5, 200_000, 2];
  const made = sizes.flatMap((size) => [
    new Uint8Array(size + 4).fill(size + 1).subarray(3, size + 3),
    new Uint16Array(size).fill(size + 2),
    new Int32Array(size).fill(-size - 3),
  ]);
  const kept = made.map((array) => keep(array));
  const copies = made.map((array) => array.slice());
  for (const array of made) array.fill(0);
  expect(kept).toEqual(copies);
});

it('has many in one piece of memory', () => {
  const keep = createShelf();
  const pieces = new Set(Array.from({ length: 100 }, () => keep(new Uint8Array(700)).buffer));
  expect(pieces.size).toBe(1);
});

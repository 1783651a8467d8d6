import { expect, test } from '@jest/globals';
import { createPyramids } from './pyramid.ts';
import type { Picture } from './sampling.ts';
import { noise } from './testing/noise.ts';
import type { Part } from './tiles.ts';

const pyramids = createPyramids({ width: 320, height: 240, smallest: 16 });
const WIDTH = 400;
const HEIGHT = 300;

/** A picture that lies in the memory and the same one that does not. */
function bothOf(data: Uint8Array): { tiles: ReturnType<typeof pyramids.of>['tiles']; pictures: Picture[] } {
  const photo = {
    data: new Uint8Array(WIDTH * HEIGHT * 9).fill(128),
    width: WIDTH * 1.5,
    height: HEIGHT * 1.5,
  };
  const {
    levels: [, level],
    tiles,
  } = pyramids.of(photo);
  if (level?.width !== WIDTH || level.height !== HEIGHT) throw new Error('two thirds are of another size');
  level.data.set(data);
  return { tiles, pictures: [level, { data, width: WIDTH, height: HEIGHT }] };
}

test.each<[string, Part]>([
  ['a tile', { x: 37, y: 21, width: 320, height: 240 }],
  ['all of it', { x: 0, y: 0, width: WIDTH, height: HEIGHT }],
  ['a pixel', { x: 399, y: 299, width: 1, height: 1 }],
])('reads %s', (_, part) => {
  const { tiles, pictures } = bothOf(noise(WIDTH * HEIGHT * 3, 3));
  for (const picture of pictures) {
    const into = new Uint8Array(part.width * part.height * 3);
    tiles.read(picture, part, into);
    const rows = Array.from({ length: part.height }, (_, row) => {
      const from = ((part.y + row) * WIDTH + part.x) * 3;
      return picture.data.subarray(from, from + part.width * 3);
    });
    expect(Buffer.compare(into, Buffer.concat(rows))).toBe(0);
  }
});

const wall = () => new Uint8Array(WIDTH * HEIGHT * 3).fill(90);
/** Changes the green of every other column of a block. */
function striped(data: Uint8Array, x: number, y: number, by: number): Uint8Array {
  for (let row = y; row < y + 16; row++)
    for (let column = x; column < x + 16; column += 4) data[(row * WIDTH + column) * 3 + 1] = 90 + by;
  return data;
}

test.each<[string, boolean, Uint8Array, Part]>([
  ['a wall', true, wall(), { x: 5, y: 5, width: 320, height: 240 }],
  ['less than noise', true, striped(wall(), 20, 20, 5), { x: 4, y: 4, width: 320, height: 240 }],
  ['a block', false, striped(wall(), 100, 84, 7), { x: 4, y: 4, width: 320, height: 240 }],
  ['a block at the right edge', false, striped(wall(), 314, 4, 7), { x: 4, y: 4, width: 326, height: 240 }],
  ['a block at the lower edge', false, striped(wall(), 4, 238, 7), { x: 4, y: 4, width: 320, height: 250 }],
  ['a block outside', true, striped(wall(), 330, 4, 90), { x: 4, y: 4, width: 326, height: 240 }],
  ['too small a part to tell', false, wall(), { x: 0, y: 0, width: 15, height: 200 }],
])('%s is flat: %s', (_, flat, data, part) => {
  const { tiles, pictures } = bothOf(data);
  expect(pictures.map((picture) => tiles.isFlat(picture, part))).toEqual([flat, flat]);
});

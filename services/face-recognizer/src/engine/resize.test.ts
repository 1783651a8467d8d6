import { expect, test } from '@jest/globals';
import { createPixelRows } from './pixel-rows.ts';
import { createResizer, type PixelSize, resizerBytes } from './resize.ts';
import type { Picture } from './sampling.ts';
import { noise } from './testing/noise.ts';

/** The colour between four pixels; the last ones go on beyond the edges. */
function colour({ data, width, height }: Picture, x: number, y: number, channel: number): number {
  const inside = (value: number, side: number) => Math.min(side - 1, Math.max(0, value));
  const at = (column: number, row: number) =>
    data[(inside(row, height) * width + inside(column, width)) * 3 + channel] ?? NaN;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const row = (line: number) => at(left, line) * (1 - x + left) + at(left + 1, line) * (x - left);
  return row(top) * (1 - y + top) + row(top + 1) * (y - top);
}

/** Places along a side that a pixel is the mean of. */
function placesOf(n: number, from: number, to: number): number[] {
  const step = from / to;
  const centre = (n + 0.5) * step - 0.5;
  return step > 1.2 ? [centre - step / 4, centre + step / 4] : [centre];
}

/** @param inside whether the picture lies in the memory where it is resized */
function resize({ data, width, height }: Picture, size: PixelSize, inside: boolean): Picture {
  const rows = createPixelRows();
  const own = resizerBytes(width, size.width);
  const room = { at: own + data.length + 16, bytes: size.width * size.height * 3 };
  const memory = rows.memory(room.at + room.bytes + 16);
  // What is left of other pictures does not matter.
  memory.fill(255);
  const held = memory.subarray(own, own + data.length);
  if (inside) held.set(data);
  const picture = { data: inside ? held : data, width, height };
  return createResizer(rows, memory, 0).resize(picture, size, room);
}

test.each([
  ['a little smaller', 250, 292, 205, 240],
  ['half as large', 200, 130, 100, 65],
  ['almost half as wide, higher', 77, 40, 39, 61],
  ['twice as large', 61, 53, 122, 106],
  ['from one pixel', 1, 1, 5, 7],
  ['from a line', 90, 2, 60, 2],
  ['to one pixel', 2, 2, 1, 1],
  ['from a wide picture', 9_000, 4, 5_999, 3],
])('makes a picture %s', (_, fromWidth, fromHeight, width, height) => {
  const picture = {
    data: noise(fromWidth * fromHeight * 3, 5),
    ...{ width: fromWidth, height: fromHeight },
  };
  const result = resize(picture, { width, height }, false);
  expect(result).toMatchObject({ width, height });
  expect(result.data).toHaveLength(width * height * 3);
  expect(Buffer.compare(result.data, resize(picture, { width, height }, true).data)).toBe(0);
  let most = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const colours = placesOf(y, fromHeight, height).flatMap((down) =>
          placesOf(x, fromWidth, width).map((across) => colour(picture, across, down, channel)),
        );
        const expected = colours.reduce((sum, value) => sum + value, 0) / colours.length;
        most = Math.max(most, Math.abs((result.data[(y * width + x) * 3 + channel] ?? NaN) - expected));
      }
    }
  }
  // Rounded twice, once after each direction.
  expect(most).toBeLessThan(1.1);
});

import type { Level, Pyramid } from './pyramid.ts';
import { MOST_SHRUNK, type PixelSize } from './resize.ts';
import type { Lattice } from './sampler.ts';
import { scaleOf, type Similarity } from './similarity.ts';

/** Pixels of three bytes each (RGB), row by row from the top. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The same bytes, never as a Buffer: loops that see arrays of one kind alone are compiled for it, and faster. */
export function plainBytes({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/**
 * A square of a photo as seen through a similarity, without aliasing: where it shrinks, a smaller size of the photo is
 * sampled. Black beyond the photo's edges.
 * @param side of the square, in pixels
 * @param view from the square's pixels to the photo's; pixel n covers n to n + 1
 * @param into where the result goes, side × side × 3 bytes
 * @param mirrored whether the square is to be its mirror image
 * @returns RGB, row by row
 */
export function sampleSquare(
  photo: Pyramid,
  side: number,
  view: Similarity,
  into = new Uint8Array(side * side * 3),
  mirrored = false,
): Uint8Array {
  return samplePart(photo, { width: side, height: side }, view, into, mirrored);
}

/** As {@link sampleSquare}, of another shape. */
export function samplePart(
  { levels, sampler }: Pyramid,
  { width, height }: PixelSize,
  view: Similarity,
  into = new Uint8Array(width * height * 3),
  mirrored = false,
): Uint8Array {
  const level = levelFor(levels, scaleOf(view));
  const [a, b] = [view.a * level.factor, view.b * level.factor];
  const lattice: Lattice = {
    ...{ width, height },
    x: view.tx * level.factor + (a - b) / 2 - 0.5 + (mirrored ? a * (width - 1) : 0),
    y: view.ty * level.factor + (a + b) / 2 - 0.5 + (mirrored ? b * (width - 1) : 0),
    ...{ column: mirrored ? [-a, -b] : [a, b], row: [-b, a] },
  };
  sampler.sample(level, lattice, into);
  return into;
}

/** The whole of a photo at another size. @returns good until the next */
export function resized({ levels, sampler, resizer, room }: Pyramid, { width, height }: PixelSize): Picture {
  const level = levels.filter((one) => one.width >= width && one.height >= height).at(-1) ?? levels[0];
  if (level.width === width && level.height === height) return level;
  const [right, down] = [level.width / width, level.height / height];
  if (Math.max(right, down) <= MOST_SHRUNK && width * height * 3 <= room.bytes)
    return resizer.resize(level, { width, height }, room);
  const data = new Uint8Array(width * height * 3);
  const lattice = { width, height, column: [right, 0], row: [0, down] } as const;
  sampler.sample(level, { ...lattice, x: (right - 1) / 2, y: (down - 1) / 2 }, data);
  return { data, width, height };
}

/** The smallest of a photo's sizes that still has to be shrunk, or is as wanted; else the photo itself. */
function levelFor(levels: Pyramid['levels'], scale: number): Level {
  let found: Level = levels[0];
  for (const level of levels) if (scale * level.factor >= 1) found = level;
  return found;
}

/** Turns a square of RGB into its mirror image, where it is. */
export function mirrorSquare(data: Uint8Array, side: number): void {
  for (let row = 0; row < side; row++) {
    let left = row * side * 3;
    let right = left + (side - 1) * 3;
    for (; left < right; left += 3, right -= 3) {
      for (let n = 0; n < 3; n++) {
        const value = data[left + n] as number;
        data[left + n] = data[right + n] as number;
        data[right + n] = value;
      }
    }
  }
}

import type { Level, Pyramid } from './pyramid.ts';
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
 * @returns RGB, row by row
 */
export function sampleSquare(
  photo: Pyramid,
  side: number,
  view: Similarity,
  into = new Uint8Array(side * side * 3),
): Uint8Array {
  const level = levelFor(photo, scaleOf(view));
  const { factor } = level;
  const local = {
    a: view.a * factor,
    b: view.b * factor,
    tx: view.tx * factor - 0.5,
    ty: view.ty * factor - 0.5,
  };
  // What still shrinks a little is the mean of four points a pixel.
  sampleBilinear(level, side, local, scaleOf(local) > 1.2 ? 2 : 1, into);
  return into;
}

/** The smallest of a photo's sizes that still has to be shrunk, or is as wanted; else the photo itself. */
function levelFor(photo: Pyramid, scale: number): Level {
  let found: Level = photo[0];
  for (const level of photo) if (scale * level.factor >= 1) found = level;
  return found;
}

/**
 * Colours between the centres of four pixels each. The innermost loops of the engine are in this file: written plainly,
 * without arrays and functions of their own, they are several times as fast.
 * @param grid points a pixel, each way
 */
function sampleBilinear(
  { data, width, height }: Picture,
  side: number,
  { a, b, tx, ty }: Similarity,
  grid: number,
  out: Uint8Array,
): void {
  const share = 1 / (grid * grid);
  const step = 1 / grid;
  const stride = width * 3;
  const [lastX, lastY] = [width - 1, height - 1];
  for (let row = 0, to = 0; row < side; row++) {
    for (let column = 0; column < side; column++, to += 3) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let down = 0.5; down < grid; down++) {
        for (let across = 0.5; across < grid; across++) {
          const u = column + across * step;
          const v = row + down * step;
          const x = a * u - b * v + tx;
          const y = b * u + a * v + ty;
          if (x >= 0 && y >= 0 && x < lastX && y < lastY) {
            // All four lie in the picture, as they nearly always do.
            const left = x | 0;
            const top = y | 0;
            const right = x - left;
            const below = y - top;
            const southEast = right * below;
            const southWest = below - southEast;
            const northEast = right - southEast;
            const northWest = 1 - right - southWest;
            const north = top * stride + left * 3;
            const south = north + stride;
            red +=
              northWest * (data[north] as number) +
              northEast * (data[north + 3] as number) +
              southWest * (data[south] as number) +
              southEast * (data[south + 3] as number);
            green +=
              northWest * (data[north + 1] as number) +
              northEast * (data[north + 4] as number) +
              southWest * (data[south + 1] as number) +
              southEast * (data[south + 4] as number);
            blue +=
              northWest * (data[north + 2] as number) +
              northEast * (data[north + 5] as number) +
              southWest * (data[south + 2] as number) +
              southEast * (data[south + 5] as number);
            continue;
          }
          const left = Math.floor(x);
          const top = Math.floor(y);
          const right = x - left;
          const below = y - top;
          for (let corner = 0; corner < 4; corner++) {
            const px = left + (corner & 1);
            const py = top + (corner >> 1);
            if (px < 0 || py < 0 || px > lastX || py > lastY) continue;
            const weight = ((corner & 1) === 1 ? right : 1 - right) * (corner > 1 ? below : 1 - below);
            const from = py * stride + px * 3;
            red += weight * (data[from] as number);
            green += weight * (data[from + 1] as number);
            blue += weight * (data[from + 2] as number);
          }
        }
      }
      out[to] = red * share + 0.5;
      out[to + 1] = green * share + 0.5;
      out[to + 2] = blue * share + 0.5;
    }
  }
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

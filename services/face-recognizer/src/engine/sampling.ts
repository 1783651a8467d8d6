import { apply, scaleOf, type Similarity } from './similarity.ts';

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

/** A part of a picture that was shrunk by a whole number. */
interface Part extends Picture {
  /** Where it begins, in pixels of the picture. */
  readonly x: number;
  readonly y: number;
  readonly shrunk: number;
}

/**
 * A square of a picture as seen through a similarity, without aliasing: where it shrinks, what lies under each pixel
 * is averaged. Black beyond the picture's edges.
 * @param side of the square, in pixels
 * @param view from the square's pixels to the picture's; pixel n covers n to n + 1
 * @returns RGB, 0–255, row by row
 */
export function sampleSquare(picture: Picture, side: number, view: Similarity): Float32Array {
  const shrink = Math.max(1, Math.round(scaleOf(view)));
  const part =
    shrink === 1 ? { ...picture, x: 0, y: 0, shrunk: 1 } : shrinkUnder(picture, side, view, shrink);
  const { a, b, tx, ty } = view;
  const local = {
    a: a / part.shrunk,
    b: b / part.shrunk,
    tx: (tx - part.x) / part.shrunk - 0.5,
    ty: (ty - part.y) / part.shrunk - 0.5,
  };
  // What still shrinks a little is the mean of four points a pixel.
  return sampleBilinear(part, side, local, scaleOf(local) > 1.2 ? 2 : 1);
}

/**
 * Colours between the centres of four pixels each. The innermost loops of the engine are in this file: written plainly,
 * without arrays and functions of their own, they are several times as fast.
 * @param grid points a pixel, each way
 */
function sampleBilinear(
  part: Picture,
  side: number,
  { a, b, tx, ty }: Similarity,
  grid: number,
): Float32Array {
  const { data, width, height } = part;
  const out = new Float32Array(side * side * 3);
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
      out[to] = red * share;
      out[to + 1] = green * share;
      out[to + 2] = blue * share;
    }
  }
  return out;
}

/** What the square shows and a little more, each `shrink` × `shrink` pixels made one. */
function shrinkUnder(picture: Picture, side: number, view: Similarity, shrink: number): Part {
  const corners = [0, 1, 2, 3].map((n) => apply(view, [(n & 1) * side, (n >> 1) * side]));
  const span = (axis: 0 | 1, length: number) => {
    const values = corners.map((corner) => corner[axis]);
    const first = Math.max(0, Math.floor(Math.min(...values)) - shrink);
    const last = Math.min(length, Math.ceil(Math.max(...values)) + shrink);
    return [first, Math.max(0, Math.floor((last - first) / shrink))] as const;
  };
  const [x, width] = span(0, picture.width);
  const [y, height] = span(1, picture.height);
  const { data: pixels } = picture;
  const data = new Uint8Array(width * height * 3);
  const share = 1 / (shrink * shrink);
  const stride = picture.width * 3;
  for (let row = 0, to = 0; row < height; row++) {
    let corner = (y + row * shrink) * stride + x * 3;
    for (let column = 0; column < width; column++, to += 3, corner += shrink * 3) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let down = 0, line = corner; down < shrink; down++, line += stride) {
        const end = line + shrink * 3;
        for (let from = line; from < end; from += 3) {
          red += pixels[from] as number;
          green += pixels[from + 1] as number;
          blue += pixels[from + 2] as number;
        }
      }
      data[to] = red * share + 0.5;
      data[to + 1] = green * share + 0.5;
      data[to + 2] = blue * share + 0.5;
    }
  }
  return { data, width, height, x, y, shrunk: shrink };
}

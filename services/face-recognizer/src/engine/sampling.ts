import { apply, scaleOf, type Similarity } from './similarity.ts';

/** Pixels of three bytes each (RGB), row by row from the top. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
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
  const shrink = Math.max(1, Math.floor(scaleOf(view)));
  const part =
    shrink === 1 ? { ...picture, x: 0, y: 0, shrunk: 1 } : shrinkUnder(picture, side, view, shrink);
  const { a, b, tx, ty } = view;
  const local = {
    a: a / part.shrunk,
    b: b / part.shrunk,
    tx: (tx - part.x) / part.shrunk - 0.5,
    ty: (ty - part.y) / part.shrunk - 0.5,
  };
  return scaleOf(local) > 1.2 ? sampleFour(part, side, local) : sampleOne(part, side, local);
}

/** One point a pixel. */
function sampleOne(part: Picture, side: number, { a, b, tx, ty }: Similarity): Float32Array {
  const out = new Float32Array(side * side * 3);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++, at += 3) {
      const [u, v] = [x + 0.5, y + 0.5];
      addBilinear(part, a * u - b * v + tx, b * u + a * v + ty, 1, out, at);
    }
  }
  return out;
}

/** The mean of four points a pixel, for what still shrinks by less than two. */
function sampleFour(part: Picture, side: number, { a, b, tx, ty }: Similarity): Float32Array {
  const out = new Float32Array(side * side * 3);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++, at += 3) {
      for (let n = 0; n < 4; n++) {
        const [u, v] = [x + 0.25 + (n & 1) * 0.5, y + 0.25 + (n >> 1) * 0.5];
        addBilinear(part, a * u - b * v + tx, b * u + a * v + ty, 0.25, out, at);
      }
    }
  }
  return out;
}

/** Adds to three places of `out` the colour at a point, between the centres of four pixels. */
function addBilinear(
  { data, width, height }: Picture,
  x: number,
  y: number,
  weight: number,
  out: Float32Array,
  at: number,
): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, bottom] = [x - left, y - top];
  for (let n = 0; n < 4; n++) {
    const [px, py] = [left + (n & 1), top + (n >> 1)];
    if (px < 0 || py < 0 || px >= width || py >= height) continue;
    const share = weight * (n & 1 ? right : 1 - right) * (n >> 1 ? bottom : 1 - bottom);
    const from = (py * width + px) * 3;
    out[at] = (out[at] ?? 0) + share * (data[from] ?? 0);
    out[at + 1] = (out[at + 1] ?? 0) + share * (data[from + 1] ?? 0);
    out[at + 2] = (out[at + 2] ?? 0) + share * (data[from + 2] ?? 0);
  }
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
  const data = new Uint8Array(width * height * 3);
  const count = shrink * shrink;
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += 3) {
      let [red, green, blue] = [0, 0, 0];
      for (let down = 0; down < shrink; down++) {
        let from = ((y + row * shrink + down) * picture.width + x + column * shrink) * 3;
        for (let across = 0; across < shrink; across++) {
          red += picture.data[from++] ?? 0;
          green += picture.data[from++] ?? 0;
          blue += picture.data[from++] ?? 0;
        }
      }
      data[to] = red / count + 0.5;
      data[to + 1] = green / count + 0.5;
      data[to + 2] = blue / count + 0.5;
    }
  }
  return { data, width, height, x, y, shrunk: shrink };
}

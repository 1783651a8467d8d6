export type Point = readonly [x: number, y: number];

/** Turns, scales and shifts, never mirrors or shears: `x' = a·x − b·y + tx`, `y' = b·x + a·y + ty`. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/**
 * The similarity that brings points nearest to others by least squares (Umeyama, "Least-squares estimation of
 * transformation parameters between two point patterns", 1991; in the plane and without mirroring it is closed: with
 * points as complex numbers, the scale and turn are Σ conj(p)·q / Σ |p|², about the means).
 * @param from at least two different points; where all are one, the result only shifts
 * @param to as many
 */
export function fitSimilarity(from: readonly Point[], to: readonly Point[]): Similarity {
  const [fromX, fromY] = meanOf(from);
  const [toX, toY] = meanOf(to);
  let [real, imaginary, spread] = [0, 0, 0];
  for (const [index, [fx, fy]] of from.entries()) {
    const [x, y] = [fx - fromX, fy - fromY];
    const [u, v] = [(to[index]?.[0] ?? 0) - toX, (to[index]?.[1] ?? 0) - toY];
    real += x * u + y * v;
    imaginary += x * v - y * u;
    spread += x * x + y * y;
  }
  const [a, b] = spread > 0 ? [real / spread, imaginary / spread] : [1, 0];
  return { a, b, tx: toX - (a * fromX - b * fromY), ty: toY - (b * fromX + a * fromY) };
}

export function invert({ a, b, tx, ty }: Similarity): Similarity {
  const square = a * a + b * b;
  const [c, d] = [a / square, -b / square];
  return { a: c, b: d, tx: -(c * tx - d * ty), ty: -(d * tx + c * ty) };
}

export function apply({ a, b, tx, ty }: Similarity, [x, y]: Point): Point {
  return [a * x - b * y + tx, b * x + a * y + ty];
}

/** How much longer a line becomes. */
export const scaleOf = ({ a, b }: Similarity): number => Math.hypot(a, b);

/**
 * From a square of `side` pixels to the part of a picture around a centre that it is to show.
 * @param span side of that part, in pixels of the picture
 * @param angle by which what the square shows is turned back, in radians, clockwise as seen
 */
export function squareAround([x, y]: Point, span: number, side: number, angle = 0): Similarity {
  const scale = span / side;
  const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const half = side / 2;
  return { a, b, tx: x - (a * half - b * half), ty: y - (b * half + a * half) };
}

function meanOf(points: readonly Point[]): Point {
  const sum = points.reduce<Point>(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

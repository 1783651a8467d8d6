import type { OnnxSession } from './onnx-session.ts';
import type { Pyramid } from './pyramid.ts';
import { sampleSquare } from './sampling.ts';
import { apply, squareAround, type Point } from './similarity.ts';

const SIDE = 64;
/** iBUG's 68: the eye on the left of the picture, the other, and the tip of the nose and the corners of the mouth. */
const FIVE = [[36, 37, 38, 39, 40, 41], [42, 43, 44, 45, 46, 47], [30], [48], [54]];
/** Beyond this roll, in radians, a face is looked at again, turned upright: the model knows few that lie on their side. */
const TILTED = 0.2;

/** Where a face is thought to be. */
export interface FaceSquare {
  readonly centre: Point;
  /** Pixels. */
  readonly side: number;
  /** By which its top is turned clockwise, as seen; radians. */
  readonly roll: number;
}

export interface LandmarkFinder {
  /** Five points a face, in the order of {@link alignedPoints}; all faces in one run, and the tilted ones in a second. */
  find(photo: Pyramid, squares: readonly FaceSquare[]): Promise<Point[][]>;
}

export function createLandmarkFinder(session: OnnxSession): LandmarkFinder {
  const square = new Uint8Array(SIDE * SIDE * 3);
  const look = async (photo: Pyramid, squares: readonly FaceSquare[]): Promise<Point[][]> => {
    const views = squares.map(({ centre, side, roll }) => squareAround(centre, side, SIDE, roll));
    const input = new Float32Array(views.length * SIDE * SIDE);
    for (const [index, view] of views.entries())
      fillGrey(input.subarray(index * SIDE * SIDE), sampleSquare(photo, SIDE, view, square));
    const [output] = (await session.run(input, [views.length, 1, SIDE, SIDE])).values();
    if (output?.length !== views.length * 136)
      throw new Error('The model of landmarks does not answer 68 points');
    return views.map((view, index) =>
      fivePoints(output.subarray(index * 136, index * 136 + 136)).map(([x, y]) =>
        apply(view, [x * SIDE, y * SIDE]),
      ),
    );
  };
  return {
    async find(photo, squares) {
      if (squares.length === 0) return [];
      const points = await look(photo, squares);
      const rolls = points.map(rollOf);
      const tilted = squares.flatMap((square, index) => {
        const roll = rolls[index] ?? 0;
        return Math.abs(roll - square.roll) > TILTED ? [{ index, square: { ...square, roll } }] : [];
      });
      if (tilted.length === 0) return points;
      const again = await look(
        photo,
        tilted.map(({ square }) => square),
      );
      for (const [n, { index }] of tilted.entries()) points[index] = again[n] ?? [];
      return points;
    },
  };
}

/** How far the line between the eyes is from level, clockwise as seen, in radians. */
export function rollOf(points: readonly Point[]): number {
  const [[leftX, leftY] = [0, 0], [rightX, rightY] = [0, 0]] = points;
  return Math.atan2(rightY - leftY, rightX - leftX);
}

function fivePoints(all: Float32Array): Point[] {
  return FIVE.map((indices) => middleOf(all, indices));
}

function middleOf(all: Float32Array, indices: readonly number[]): Point {
  let [x, y] = [0, 0];
  for (const index of indices) {
    x += all[index * 2] ?? 0;
    y += all[index * 2 + 1] ?? 0;
  }
  return [x / indices.length, y / indices.length];
}

/** ITU-R BT.601 luma as a fraction of 256. */
function fillGrey(out: Float32Array, rgb: Uint8Array): void {
  for (let pixel = 0, from = 0; from < rgb.length; pixel++, from += 3) {
    const [red, green, blue] = [rgb[from] as number, rgb[from + 1] as number, rgb[from + 2] as number];
    out[pixel] = (0.299 * red + 0.587 * green + 0.114 * blue) / 256;
  }
}

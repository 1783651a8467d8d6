import type { Candidate } from './detector.ts';
import type { Point } from './similarity.ts';

const strides = [8, 16, 32] as const;

/**
 * Reads what OpenCV's YuNet (2023mar) finds: at every stride a grid of cells, each with a class and an object score, a
 * box about the cell and five points, the eye on the left of the picture first (after OpenCV's `face_detect.cpp`).
 */
export function decodeYunet(
  outputs: ReadonlyMap<string, Float32Array>,
  { width }: { width: number },
  least: number,
): Candidate[] {
  const found: Candidate[] = [];
  for (const stride of strides) {
    const [classes, objects, boxes, points] = ['cls', 'obj', 'bbox', 'kps'].map((name) =>
      outputs.get(`${name}_${stride}`),
    );
    if (!classes || !objects || !boxes || !points)
      throw new Error('The detector lacks an output of YuNet: it is not of the kind yunet');
    const columns = Math.floor(width / stride);
    for (let cell = 0; cell < classes.length; cell++) {
      const score = Math.sqrt(unit(classes[cell]) * unit(objects[cell]));
      if (score < least) continue;
      const [column, row] = [cell % columns, Math.floor(cell / columns)];
      const [dx = 0, dy = 0, w = 0, h = 0] = boxes.subarray(cell * 4, cell * 4 + 4);
      const [x, y] = [(column + dx) * stride, (row + dy) * stride];
      const [halfWidth, halfHeight] = [(Math.exp(w) * stride) / 2, (Math.exp(h) * stride) / 2];
      found.push({
        ...{ left: x - halfWidth, top: y - halfHeight, right: x + halfWidth, bottom: y + halfHeight, score },
        points: Array.from({ length: 5 }, (_, n): Point => {
          const [px = 0, py = 0] = points.subarray(cell * 10 + n * 2, cell * 10 + n * 2 + 2);
          return [(px + column) * stride, (py + row) * stride];
        }),
      });
    }
  }
  return found;
}

const unit = (value = 0) => Math.min(1, Math.max(0, value));

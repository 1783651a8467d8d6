import type { DetectorSpec } from './model-set.ts';
import type { OnnxSession } from './onnx-session.ts';
import { decodeRfb } from './rfb.ts';
import type { Picture } from './sampling.ts';
import type { Point } from './similarity.ts';
import { decodeYunet } from './yunet.ts';

/** What may be a face: a box by two corners, and five points where the detector finds them. */
export interface Candidate {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** 0–1. */
  readonly score: number;
  readonly points?: readonly Point[] | undefined;
}

/** What a detector is shown: a part of a picture, smaller than its input or as large. */
export interface View {
  readonly picture: Picture;
  /** Where the part begins, in the picture. */
  readonly x: number;
  readonly y: number;
}

export interface Detector {
  readonly spec: DetectorSpec;
  /**
   * All that scores at least `least` in a view, in pixels of the picture. Boxes of one face are not made one yet.
   * Beyond the picture's edges the detector sees grey.
   */
  detect(view: View, least: number): Promise<Candidate[]>;
}

const decoders = { rfb: decodeRfb, yunet: decodeYunet } as const;

export function createDetector(session: OnnxSession, spec: DetectorSpec): Detector {
  const { width, height } = spec;
  const input = new Float32Array(width * height * 3);
  const decode = decoders[spec.kind];
  return {
    spec,
    async detect(view, least) {
      fill(input, view, spec);
      const outputs = await session.run(input, [1, 3, height, width]);
      return decode(outputs, { width, height }, least).map((found) => shift(found, view.x, view.y));
    },
  };
}

/** The view as planes of numbers, one a channel. */
function fill(
  input: Float32Array,
  { picture: { data, width: pictureWidth, height: pictureHeight }, x, y }: View,
  { width, height, channels, mean, scale }: DetectorSpec,
): void {
  const plane = width * height;
  const columns = Math.min(width, pictureWidth - x);
  const rows = Math.min(height, pictureHeight - y);
  const [first, third] = channels === 'rgb' ? [0, 2] : [2, 0];
  const factor = 1 / scale;
  if (columns < width || rows < height) input.fill((127 - mean) / scale);
  for (let row = 0; row < rows; row++) {
    let from = ((y + row) * pictureWidth + x) * 3;
    const start = row * width;
    for (let to = start; to < start + columns; to++, from += 3) {
      input[to] = ((data[from + first] as number) - mean) * factor;
      input[to + plane] = ((data[from + 1] as number) - mean) * factor;
      input[to + plane + plane] = ((data[from + third] as number) - mean) * factor;
    }
  }
}

function shift({ left, top, right, bottom, score, points }: Candidate, x: number, y: number): Candidate {
  return {
    ...{ left: left + x, top: top + y, right: right + x, bottom: bottom + y, score },
    points: points?.map(([px, py]) => [px + x, py + y] as const),
  };
}

/** Area of what two boxes share. */
export function shared(a: Candidate, b: Candidate): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}

export const areaOf = ({ left, top, right, bottom }: Candidate): number =>
  Math.max(0, right - left) * Math.max(0, bottom - top);

/** Of boxes that overlap by more than `overlap` (intersection over union), the best one each, best first. */
export function bestOf<T extends Candidate>(candidates: readonly T[], overlap: number): T[] {
  const kept: T[] = [];
  for (const candidate of [...candidates].sort((a, b) => b.score - a.score)) {
    const area = areaOf(candidate);
    const double = kept.some((other) => {
      const both = shared(candidate, other);
      return both > overlap * (area + areaOf(other) - both);
    });
    if (!double) kept.push(candidate);
  }
  return kept;
}

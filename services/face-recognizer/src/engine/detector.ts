import type { DetectorSpec } from './model-set.ts';
import type { OnnxSession } from './onnx-session.ts';
import { decodeRfb } from './rfb.ts';
import { createPlanes } from './planes.ts';
import type { Picture } from './sampling.ts';
import type { Point } from './similarity.ts';
import type { Tiles } from './tiles.ts';
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
  /** What reads it faster than row by row. */
  readonly tiles?: Tiles | undefined;
}

export interface Detector {
  readonly spec: DetectorSpec;
  /**
   * All that scores at least `least` in a view, in pixels of the picture. Boxes of one face are not made one yet.
   * Beyond the picture's edges the detector sees grey.
   */
  detect(view: View, least: number): Promise<Candidate[]>;
}

/** What is seen beyond a picture's edges. */
const GREY = 127;

const decoders = { rfb: decodeRfb, yunet: decodeYunet } as const;

export function createDetector(session: OnnxSession, spec: DetectorSpec): Detector {
  const { width, height } = spec;
  const decode = decoders[spec.kind];
  const fill = inputOf(spec);
  return {
    spec,
    async detect(view, least) {
      const outputs = await session.run(fill(view), [1, 3, height, width]);
      const found = decode(outputs, { width, height }, least);
      for (const [n, one] of found.entries()) found[n] = shifted(one, view.x, view.y);
      return found;
    },
  };
}

/** What writes a view as planes of numbers, one a channel, always to the same place. */
function inputOf({ width, height, channels, mean, scale }: DetectorSpec): (view: View) => Float32Array {
  const writer = createPlanes(width * height, { channels, mean, scale });
  const { bytes } = writer;
  return ({ picture, x, y, tiles }) => {
    const columns = Math.min(width, picture.width - x);
    const count = Math.min(height, picture.height - y);
    if (columns < width || count < height) bytes.fill(GREY);
    const part = { x, y, width: columns, height: count };
    if (tiles && columns === width) tiles.read(picture, part, bytes.subarray(0, count * width * 3));
    else {
      for (let row = 0; row < count; row++) {
        const from = ((y + row) * picture.width + x) * 3;
        bytes.set(picture.data.subarray(from, from + columns * 3), row * width * 3);
      }
    }
    writer.write(0);
    return writer.input;
  };
}

/** A candidate somewhere else. */
export function shifted(
  { left, top, right, bottom, score, points }: Candidate,
  x: number,
  y: number,
): Candidate {
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

/** Whether two boxes overlap by more than `overlap` (intersection over union). */
export function isDouble(one: Candidate, other: Candidate, overlap: number): boolean {
  const both = shared(one, other);
  return both > 0 && both > overlap * (areaOf(one) + areaOf(other) - both);
}

/** Whether a box overlaps any of others by more than `overlap`. */
export function hasDouble(one: Candidate, others: readonly Candidate[], overlap: number): boolean {
  for (const other of others) if (isDouble(one, other, overlap)) return true;
  return false;
}

/** For sorting, the best first. */
export const byScore = (a: Candidate, b: Candidate): number => b.score - a.score;

/** Of boxes that overlap by more than `overlap`, the best one each, best first. */
export function bestOf<T extends Candidate>(candidates: readonly T[], overlap: number): T[] {
  const kept: T[] = [];
  for (const candidate of [...candidates].sort(byScore)) {
    if (!hasDouble(candidate, kept, overlap)) kept.push(candidate);
  }
  return kept;
}

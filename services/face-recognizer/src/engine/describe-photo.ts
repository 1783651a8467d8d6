import { alignFace } from './align.ts';
import type { Detector } from './detector.ts';
import type { Embedder } from './embedder.ts';
import type { Face, PhotoFaces, StepTimes } from './face.ts';
import { findFaces, type FoundFace } from './find-faces.ts';
import type { LandmarkFinder } from './landmarks.ts';
import { prominenceOf, sharpnessOf } from './quality.ts';
import type { Picture } from './sampling.ts';
import type { Point } from './similarity.ts';

/** The models of a set, ready to run. */
export interface Models {
  readonly detector: Detector;
  /** None where the detector finds the points. */
  readonly landmarks: LandmarkFinder | undefined;
  readonly embedder: Embedder;
  /** Least sharpness of a face that is not blurred. */
  readonly sharpness: number;
}

export interface DescribeOptions {
  readonly signal: AbortSignal;
  readonly maxFaces?: number | undefined;
}

/** What is known of a photo after decoding. */
export type Described = Omit<PhotoFaces, 'times'> & { readonly times: Omit<StepTimes, 'decode'> };

/** Detect, landmarks, align, embed. @throws the signal's reason */
export async function describePhoto(
  models: Models,
  photo: Picture,
  { signal, maxFaces }: DescribeOptions,
): Promise<Described> {
  const clock = stopwatch();
  const found = mostProminent(await findFaces(models.detector, photo, signal), photo, maxFaces);
  const detect = clock();
  const points = await pointsOf(models, photo, found);
  const landmarks = clock();
  const aligned = points.map((five) => alignFace(photo, five));
  const sharpness = aligned.map(sharpnessOf);
  const align = clock();
  const embeddings = await models.embedder.embed(aligned, signal);
  const embed = clock();
  const faces = found.map(({ box, prominence, score }, index): Face => {
    const sharp = sharpness[index] ?? 0;
    return {
      box,
      landmarks: points[index] ?? [],
      score,
      quality: {
        sharpness: sharp,
        size: Math.min(box.w, box.h),
        blurred: sharp < models.sharpness,
        prominence,
      },
      embedding: embeddings[index] ?? new Float32Array(models.embedder.spec.dimensions),
    };
  });
  const { width, height } = photo;
  return { width, height, faces, times: { detect, landmarks, align, embed } };
}

interface Ranked {
  readonly face: FoundFace;
  readonly box: Face['box'];
  readonly prominence: number;
  readonly score: number;
}

function mostProminent(found: readonly FoundFace[], photo: Picture, most = Infinity): Ranked[] {
  const ranked = found.map((face): Ranked => {
    const box = boxOf(face, photo);
    return { face, box, prominence: prominenceOf(box, photo), score: Math.min(1, face.score) };
  });
  return ranked.sort((a, b) => b.prominence - a.prominence).slice(0, most);
}

/** Inside the photo, at least a pixel large. */
function boxOf({ left, top, right, bottom }: FoundFace, { width, height }: Picture): Face['box'] {
  const x = Math.min(width - 1, Math.max(0, left));
  const y = Math.min(height - 1, Math.max(0, top));
  return { x, y, w: Math.max(1, Math.min(width, right) - x), h: Math.max(1, Math.min(height, bottom) - y) };
}

async function pointsOf(models: Models, photo: Picture, found: readonly Ranked[]): Promise<Point[][]> {
  const finder = models.landmarks;
  if (!finder) return found.map(({ face }) => [...(face.points ?? [])]);
  const squares = found.map(({ face: { left, top, right, bottom, roll } }) => ({
    centre: [(left + right) / 2, (top + bottom) / 2] as const,
    side: Math.max(right - left, bottom - top),
    roll,
  }));
  return finder.find(photo, squares);
}

/** Milliseconds since it was last asked. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const passed = now - last;
    last = now;
    return passed;
  };
}

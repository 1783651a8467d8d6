import { alignFace, mirror } from './align.ts';
import type { Detector } from './detector.ts';
import { cosine, type Embedded, type Embedder } from './embedder.ts';
import type { Face, PhotoFaces, StepTimes } from './face.ts';
import { findFaces, type FoundFace } from './find-faces.ts';
import type { LandmarkFinder } from './landmarks.ts';
import { prominenceOf, sharpnessOf } from './quality.ts';
import type { Picture } from './sampling.ts';
import { confirm } from './second-look.ts';
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

/**
 * Detect, landmarks, align, embed; and of what the detector found, only what the embedder takes for a face as well.
 * @throws the signal's reason
 */
export async function describePhoto(
  models: Models,
  photo: Picture,
  { signal, maxFaces = Infinity }: DescribeOptions,
): Promise<Described> {
  const times = { detect: 0, landmarks: 0, align: 0, embed: 0 };
  const clock = stopwatch(times);
  const found = byProminence(await findFaces(models.detector, photo, signal), photo);
  clock('detect');
  const faces: Face[] = [];
  while (faces.length < maxFaces && found.length > 0) {
    const next = found.splice(0, maxFaces - faces.length);
    const points = await pointsOf(models, photo, next);
    clock('landmarks');
    const aligned = points.map((five) => alignFace(photo, five));
    const sharpness = aligned.map(sharpnessOf);
    clock('align');
    const embedded = await models.embedder.embed(aligned, signal);
    clock('embed');
    const real = await tellFaces(models, photo, { found: next, aligned, embedded }, signal);
    for (const [index, { face, box, prominence }] of next.entries()) {
      const [landmarks = [], sharp = 0, description] = [points[index], sharpness[index], embedded[index]];
      if (!description || real[index] !== true) continue;
      const size = Math.min(box.w, box.h);
      const quality = { sharpness: sharp, size, blurred: sharp < models.sharpness, prominence };
      const score = Math.min(1, face.score);
      faces.push({ box, landmarks, score, quality, embedding: description.embedding });
    }
    clock('detect');
  }
  const { width, height } = photo;
  return { width, height, faces, times };
}

/** Score of the detector that needs no confirmation, where the embedder is sure. */
const CERTAIN = 0.9;
/** Mean score of the further looks at what is not. */
const CONFIRMED = 0.75;

interface Embeddings {
  readonly found: readonly Ranked[];
  readonly aligned: readonly Float32Array[];
  readonly embedded: readonly Embedded[];
}

/** Which of those that the detector found are faces. */
async function tellFaces(
  { detector, embedder }: Models,
  photo: Picture,
  { found, aligned, embedded }: Embeddings,
  signal: AbortSignal,
): Promise<boolean[]> {
  const { least, sure, mirrored } = embedder.spec.faces ?? noFigures;
  const real = embedded.map(({ norm }, index) => norm >= sure && (found[index]?.face.score ?? 0) >= CERTAIN);
  const doubtful = real.flatMap((is, index) => (!is && (embedded[index]?.norm ?? 0) >= least ? [index] : []));
  const faces = mirrored > -1 ? doubtful.map((index) => mirror(aligned[index] ?? new Float32Array())) : [];
  const images = await embedder.embed(faces, signal);
  for (const [n, index] of doubtful.entries()) {
    const [one, other, candidate] = [embedded[index], images[n], found[index]];
    if (!one || !candidate || (other && cosine(one.embedding, other.embedding) < mirrored)) continue;
    signal.throwIfAborted();
    real[index] = (await confirm(detector, photo, candidate.face)) >= CONFIRMED;
  }
  return real;
}

const noFigures = { least: Number.MIN_VALUE, sure: Infinity, mirrored: -1 };

interface Ranked {
  readonly face: FoundFace;
  readonly box: Face['box'];
  readonly prominence: number;
}

function byProminence(found: readonly FoundFace[], photo: Picture): Ranked[] {
  const ranked = found.map((face): Ranked => {
    const box = boxOf(face, photo);
    return { face, box, prominence: prominenceOf(box, photo) };
  });
  return ranked.sort((a, b) => b.prominence - a.prominence);
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

/** Adds the milliseconds since it was last called to a step. */
function stopwatch<K extends string>(times: Record<K, number>): (step: K) => void {
  let last = performance.now();
  return (step) => {
    const now = performance.now();
    times[step] += now - last;
    last = now;
  };
}

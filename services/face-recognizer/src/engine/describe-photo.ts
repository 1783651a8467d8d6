import type { Detector } from './detector.ts';
import { facesBeside } from './doubtful.ts';
import type { Embedder } from './embedder.ts';
import type { Face, PhotoFaces, StepTimes } from './face.ts';
import { findFaces, type FoundFace } from './find-faces.ts';
import { type LandmarkFinder, rollOf } from './landmarks.ts';
import { hasOthersBeside } from './look-beside.ts';
import type { Pyramids } from './pyramid.ts';
import { prominenceOf, sharpnessOf } from './quality.ts';
import { readFaces, type Reading } from './read-faces.ts';
import type { Picture } from './sampling.ts';
import { sureOf, tellFaces } from './tell-faces.ts';

/** The models of a set, ready to run. */
export interface Models {
  readonly pyramids: Pyramids;
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
  picture: Picture,
  { signal, maxFaces = Infinity }: DescribeOptions,
): Promise<Described> {
  const times = { detect: 0, landmarks: 0, align: 0, embed: 0 };
  const clock = stopwatch(times);
  const photo = models.pyramids.of(picture);
  const found = await findFaces(models.detector, photo, signal);
  clock('detect');
  const sure = sureOf(models.embedder.spec);
  const told: Reading[] = [];
  const tell = async (some: readonly FoundFace[]) => {
    const open = byProminence(some, picture);
    while (told.length < maxFaces && open.length > 0) {
      const next = open.splice(0, maxFaces - told.length);
      const readings = await readFaces(models, photo, next, { sure, signal, clock });
      told.push(...(await tellFaces(models, photo, readings, signal)));
      clock('detect');
    }
  };
  await tell(found);
  if (told.length < maxFaces && told.some(isTilted) && !hasOthersBeside(found)) {
    const known = [...found, ...told.map(asTurned)];
    await tell(await facesBeside(models.detector, photo, known, signal));
  }
  const faces = told.map((reading) => toFace(reading, picture, models));
  faces.sort((a, b) => b.quality.prominence - a.quality.prominence);
  const { width, height } = picture;
  return { width, height, faces, times };
}

/** Heads turned further than this, in radians, are seldom all that a photo shows of such. */
const TILTED = (25 * Math.PI) / 180;

const isTilted = ({ points }: Reading): boolean => Math.abs(rollOf(points)) > TILTED;

const asTurned = ({ face, points }: Reading): FoundFace => ({ ...face, roll: rollOf(points) });

function toFace(
  { face, points, aligned, embedding }: Reading,
  photo: Picture,
  { sharpness: least }: Models,
): Face {
  const box = boxOf(face, photo);
  const sharpness = sharpnessOf(aligned);
  const quality = {
    sharpness,
    size: Math.min(box.w, box.h),
    blurred: sharpness < least,
    prominence: prominenceOf(box, photo),
  };
  return { box, landmarks: points, score: Math.min(1, face.score), quality, embedding };
}

function byProminence(found: readonly FoundFace[], photo: Picture): FoundFace[] {
  const ranked = found.map((face) => ({ face, prominence: prominenceOf(boxOf(face, photo), photo) }));
  return ranked.sort((a, b) => b.prominence - a.prominence).map(({ face }) => face);
}

/** Inside the photo, at least a pixel large. */
function boxOf({ left, top, right, bottom }: FoundFace, { width, height }: Picture): Face['box'] {
  const x = Math.min(width - 1, Math.max(0, left));
  const y = Math.min(height - 1, Math.max(0, top));
  return { x, y, w: Math.max(1, Math.min(width, right) - x), h: Math.max(1, Math.min(height, bottom) - y) };
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

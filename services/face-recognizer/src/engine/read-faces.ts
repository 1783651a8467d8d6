import { alignFace } from './align.ts';
import type { Models } from './describe-photo.ts';
import type { Embedded } from './embedder.ts';
import type { FoundFace } from './find-faces.ts';
import type { Pyramid } from './pyramid.ts';
import type { Point } from './similarity.ts';

/** A face with its points, brought upright, and described. */
export interface Reading extends Embedded {
  readonly face: FoundFace;
  readonly points: readonly Point[];
  readonly aligned: Uint8Array;
}

/** Called after each step with its name. */
export type Clock = (step: 'landmarks' | 'align' | 'embed') => void;

/** How far a head may be turned that is read as if it were upright and badly so, in radians. */
const TURNED = (40 * Math.PI) / 180;
/** Faces smaller than this, in pixels, are hardly read better however they are turned. */
const WORTH_TURNING = 32;
/** How much longer an embedding must be to be the better one. */
const BETTER = 1.05;

/**
 * Landmarks, alignment and embeddings of faces, each step in one run for all. Points found on a head far from upright
 * are often wrong, and the embedder then says little: such a face is read again, turned either way, and what the
 * embedder says most about counts.
 * @param sure length of an embedding that leaves no doubt; Infinity where none is known
 */
export async function readFaces(
  models: Models,
  photo: Pyramid,
  faces: readonly FoundFace[],
  { sure, signal, clock }: { sure: number; signal: AbortSignal; clock: Clock },
): Promise<Reading[]> {
  const readings = await readOnce(models, photo, faces, signal, clock);
  if (!models.landmarks || sure === Infinity) return readings;
  const unsure = readings.filter(({ norm, face }) => norm < sure && sizeOf(face) >= WORTH_TURNING);
  const turned = unsure.flatMap(({ face }) => [
    { ...face, roll: face.roll + TURNED },
    { ...face, roll: face.roll - TURNED },
  ]);
  const again = await readOnce(models, photo, turned, signal, clock);
  const best = new Map<Reading, Reading>();
  for (const [n, reading] of unsure.entries()) {
    for (const other of again.slice(n * 2, n * 2 + 2))
      if (other.norm > (best.get(reading) ?? reading).norm * BETTER) best.set(reading, other);
  }
  return readings.map((reading) => best.get(reading) ?? reading);
}

async function readOnce(
  models: Models,
  photo: Pyramid,
  faces: readonly FoundFace[],
  signal: AbortSignal,
  clock: Clock,
): Promise<Reading[]> {
  const points = await pointsOf(models, photo, faces);
  clock('landmarks');
  const aligned = points.map((five) => alignFace(photo, five));
  clock('align');
  const embedded = await models.embedder.embed(aligned, signal);
  clock('embed');
  return faces.flatMap((face, n) => {
    const [five, upright, description] = [points[n], aligned[n], embedded[n]];
    return five && upright && description ? [{ face, points: five, aligned: upright, ...description }] : [];
  });
}

async function pointsOf(
  models: Models,
  photo: Pyramid,
  faces: readonly FoundFace[],
): Promise<(readonly Point[])[]> {
  const finder = models.landmarks;
  if (!finder) return faces.map(({ points }) => points ?? []);
  const squares = faces.map((face) => ({
    centre: [(face.left + face.right) / 2, (face.top + face.bottom) / 2] as const,
    side: sizeOf(face),
    roll: face.roll,
  }));
  return finder.find(photo, squares);
}

const sizeOf = ({ left, top, right, bottom }: FoundFace) => Math.max(right - left, bottom - top);

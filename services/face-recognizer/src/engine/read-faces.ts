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
/** And than this, however they are read. */
const WORTH_READING = 16;
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
  const others = readings.flatMap((reading) =>
    reading.norm < sure ? otherWays(reading.face).map((face) => ({ reading, face })) : [],
  );
  const again = await readOnce(
    models,
    photo,
    others.map(({ face }) => face),
    signal,
    clock,
  );
  const best = new Map<Reading, Reading>();
  for (const [n, { reading }] of others.entries()) {
    const other = again[n];
    if (!other || other.norm <= (best.get(reading) ?? reading).norm * BETTER) continue;
    best.set(reading, { ...other, face: { ...reading.face, roll: other.face.roll } });
  }
  return readings.map((reading) => best.get(reading) ?? reading);
}

/** How a face may be read that the embedder says little about. */
function otherWays(face: FoundFace): FoundFace[] {
  if (sizeOf(face) < WORTH_READING) return [];
  if (sizeOf(face) < WORTH_TURNING) return [wider(face)];
  // Of one that was found turned, the roll is known.
  if (face.roll !== 0) return [];
  return [TURNED, -TURNED].map((roll) => ({ ...face, roll }));
}

/** In few pixels, boxes are often tight. */
function wider(face: FoundFace): FoundFace {
  const [right, down] = [(face.right - face.left) / 8, (face.bottom - face.top) / 8];
  return {
    ...face,
    ...{ left: face.left - right, top: face.top - down },
    ...{ right: face.right + right, bottom: face.bottom + down },
  };
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

import { mirror } from './align.ts';
import type { Models } from './describe-photo.ts';
import { cosine } from './embedder.ts';
import type { FoundFace } from './find-faces.ts';
import { rollOf } from './landmarks.ts';
import type { EmbedderSpec } from './model-set.ts';
import type { Pyramid } from './pyramid.ts';
import type { Reading } from './read-faces.ts';
import { confirm } from './second-look.ts';
import type { Point } from './similarity.ts';

/** Score of the detector that needs no confirmation, where the embedder is sure. */
const CERTAIN = 0.9;
/** Mean score of the further looks at what is not. */
const CONFIRMED = 0.75;
/** And of what took a second look to be found: many more of these are none. */
const CONFIRMED_TWICE = 0.85;
/** How much longer its embedding must be to need no confirmation. */
const MUCH_SURER = 1.3;
/** Between a face's roll as the detector and as its points tell it, in radians. */
const NEAR = 0.5;

/** Of a set without figures: anything may be a face, and the detector is asked again about each. */
const noFigures = { least: Number.MIN_VALUE, sure: Infinity, mirrored: -1 };

export const faceFigures = ({ faces }: EmbedderSpec): typeof noFigures => faces ?? noFigures;

/** Those that are faces, of what the detector took for one: see `faces` of an embedder in model-set.ts. */
export async function tellFaces(
  { detector, embedder }: Models,
  photo: Pyramid,
  readings: readonly Reading[],
  signal: AbortSignal,
): Promise<Reading[]> {
  const { least, sure, mirrored } = faceFigures(embedder.spec);
  const isSure = ({ norm, face }: Reading) =>
    norm >= sure * (face.doubtful ? MUCH_SURER : 1) && face.score >= CERTAIN;
  const doubtful = readings.filter((reading) => !isSure(reading) && reading.norm >= least);
  const images = await embedder.embed(
    mirrored > -1 ? doubtful.map(({ aligned }) => mirror(aligned)) : [],
    signal,
  );
  const confirmed = new Set<Reading>();
  for (const [n, reading] of doubtful.entries()) {
    const image = images[n];
    if (image && cosine(reading.embedding, image.embedding) < mirrored) continue;
    signal.throwIfAborted();
    const wanted = reading.face.doubtful ? CONFIRMED_TWICE : CONFIRMED;
    if ((await confirm(detector, photo, uprighted(reading))) >= wanted) confirmed.add(reading);
  }
  return withoutDoubles(readings.filter((reading) => isSure(reading) || confirmed.has(reading)));
}

/** One that was found turned, turned as its points say where that is about the same. */
function uprighted({ face, points }: Reading): FoundFace {
  const roll = rollOf(points);
  return face.doubtful && face.roll !== 0 && Math.abs(roll - face.roll) < NEAR ? { ...face, roll } : face;
}

/** Two that have their points at one place, by this share of their size, are one face in two boxes. */
const ONE_PLACE = 0.3;

/** Of each face the reading that the embedder says most about. */
function withoutDoubles(readings: readonly Reading[]): Reading[] {
  const kept: Reading[] = [];
  for (const reading of [...readings].sort((a, b) => b.norm - a.norm)) {
    const [x, y] = middleOf(reading);
    const double = kept.some((other) => {
      const [otherX, otherY] = middleOf(other);
      return Math.hypot(x - otherX, y - otherY) < ONE_PLACE * Math.min(widthOf(reading), widthOf(other));
    });
    if (!double) kept.push(reading);
  }
  return readings.filter((reading) => kept.includes(reading));
}

const widthOf = ({ face }: Reading) => face.right - face.left;

function middleOf({ points }: Reading): Point {
  const sum = points.reduce<Point>(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

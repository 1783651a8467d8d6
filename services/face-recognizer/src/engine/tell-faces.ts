import { mirror } from './align.ts';
import type { Models } from './describe-photo.ts';
import { areaOf, shared } from './detector.ts';
import { cosine, type Embedder } from './embedder.ts';
import { createEvidence } from './evidence.ts';
import type { FoundFace } from './find-faces.ts';
import { rollOf } from './landmarks.ts';
import type { EmbedderSpec } from './model-set.ts';
import type { Pyramid } from './pyramid.ts';
import type { Reading } from './read-faces.ts';
import { confirm } from './second-look.ts';
import type { Point } from './similarity.ts';

/** Score of the detector that needs no confirmation, where the embedder is sure. */
const CERTAIN = 0.9;
/** How much longer the embedding must be to need none of what took a second look to be found. */
const MUCH_SURER = 1.1;
/** And how much longer to need no direction that speaks for a face: what looks like one is never described so well. */
const BEYOND_DOUBT = 1.35;
/** Mean score of the further looks at a face of a set without figures. */
const CONFIRMED = 0.75;
/** Between a face's roll as the detector and as its points tell it, in radians. */
const NEAR = 0.9;

/** Length of an embedding that leaves no doubt; Infinity where none is known. */
export const sureOf = ({ faces }: EmbedderSpec): number => faces?.sure ?? Infinity;

/** Those that are faces, of what the detector took for one: see `faces` of an embedder in model-set.ts. */
export async function tellFaces(
  models: Models,
  photo: Pyramid,
  readings: readonly Reading[],
  signal: AbortSignal,
): Promise<Reading[]> {
  const { faces: figures } = models.embedder.spec;
  const look = (reading: Reading) => {
    signal.throwIfAborted();
    return confirm(models.detector, photo, uprighted(reading));
  };
  if (figures) return withoutDoubles(await byEvidence(models.embedder, figures, readings, look, signal));
  const told: Reading[] = [];
  for (const reading of readings) {
    const scores = await look(reading);
    if (scores.reduce((sum, score) => sum + score, 0) >= CONFIRMED * scores.length) told.push(reading);
  }
  return withoutDoubles(told);
}

/** Asks no more about one once the answers could no longer make it a face. */
async function byEvidence(
  embedder: Embedder,
  figures: NonNullable<EmbedderSpec['faces']>,
  readings: readonly Reading[],
  look: (reading: Reading) => Promise<number[]>,
  signal: AbortSignal,
): Promise<Reading[]> {
  const evidence = createEvidence(figures);
  const told = new Set<Reading>();
  const open: { reading: Reading; sum: number }[] = [];
  for (const reading of readings) {
    const { norm, face, embedding } = reading;
    const alone = evidence.ofEmbedding(embedding);
    const sum = alone - (face.doubtful ? figures.doubtful : 0);
    const sure = figures.sure * (face.doubtful ? MUCH_SURER : 1);
    const isClear = alone >= figures.clear || norm >= sure * BEYOND_DOUBT;
    if (norm >= sure && face.score >= CERTAIN && isClear) told.add(reading);
    else if (norm >= figures.least && sum + evidence.most.mirror + evidence.most.looks > 0)
      open.push({ reading, sum });
  }
  const images = await embedder.embed(
    open.map(({ reading }) => mirror(reading.aligned)),
    signal,
  );
  for (const [n, { reading, sum }] of open.entries()) {
    const image = images[n];
    if (!image) continue;
    const both = sum + evidence.ofMirror(cosine(reading.embedding, image.embedding));
    if (both + evidence.most.looks <= 0) continue;
    if (both + evidence.ofLooks(await look(reading)) > 0) told.add(reading);
  }
  return readings.filter((reading) => told.has(reading));
}

/** Turned as its points say, where they are not far from what the detector knows: it knows heads turned by some 40°. */
function uprighted({ face, points }: Reading): FoundFace {
  const roll = rollOf(points);
  return Math.abs(roll - face.roll) < NEAR ? { ...face, roll } : face;
}

/** Two that have their points at one place, by this share of their size, are one face in two boxes. */
const ONE_PLACE = 0.3;
/** And so is one that lies in another by this share of its area, if it is not much smaller. */
const INSIDE = 0.7;
const MUCH_SMALLER = 0.4;

/** Of each face the reading that the embedder says most about. */
function withoutDoubles(readings: readonly Reading[]): Reading[] {
  const kept: Reading[] = [];
  for (const reading of [...readings].sort((a, b) => b.norm - a.norm))
    if (!kept.some((other) => isOneFace(reading, other))) kept.push(reading);
  return readings.filter((reading) => kept.includes(reading));
}

function isOneFace(one: Reading, other: Reading): boolean {
  const [x, y] = middleOf(one);
  const [otherX, otherY] = middleOf(other);
  const smaller = Math.min(widthOf(one), widthOf(other));
  if (Math.hypot(x - otherX, y - otherY) < ONE_PLACE * smaller) return true;
  const area = Math.min(areaOf(one.face), areaOf(other.face));
  const larger = Math.max(widthOf(one), widthOf(other));
  return smaller > MUCH_SMALLER * larger && shared(one.face, other.face) > INSIDE * area;
}

const widthOf = ({ face }: Reading) => face.right - face.left;

function middleOf({ points }: Reading): Point {
  const sum = points.reduce<Point>(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

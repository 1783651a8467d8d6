import type { Candidate, Detector } from './detector.ts';
import type { FoundFace } from './find-faces.ts';
import { inPhoto, inTheMiddle, placeOf } from './look.ts';
import type { Pyramid } from './pyramid.ts';
import { sampleSquare } from './sampling.ts';
import { type Similarity, squareAround } from './similarity.ts';

/** How far a photo is turned that shows no face as it is, in radians. */
const TURNED = (40 * Math.PI) / 180;
/** Part of a look's square that the face takes: the size at which the detector knows faces best, and a smaller one. */
const FACE_SHARE = 0.35;
const SMALL_SHARE = 0.22;
/** Score of a doubtful one that is a face after all. */
const CONVINCING = 0.75;

/**
 * Looks at a candidate at the size at which the detector knows faces best.
 * @param roll by which its top is thought to be turned clockwise, in radians
 * @returns the face, or undefined where there is none
 */
export async function lookAgain(
  detector: Detector,
  photo: Pyramid,
  candidate: Candidate,
  roll = 0,
): Promise<FoundFace | undefined> {
  const { centre, span } = placeOf(candidate);
  const view = squareAround(centre, span / FACE_SHARE, sideOf(detector), roll);
  const seen = inTheMiddle(await look(detector, photo, view), sideOf(detector), FACE_SHARE);
  return seen && seen.score >= CONVINCING ? inPhoto(seen, view, roll) : undefined;
}

/**
 * How sure a face remains when it is looked at in other ways, mirrored and smaller: what only resembles a face
 * seldom does in all of them.
 * @returns the scores, 0–1
 */
export async function confirm(detector: Detector, photo: Pyramid, face: FoundFace): Promise<number[]> {
  const side = sideOf(detector);
  const { centre, span } = placeOf(face);
  const scores: number[] = [];
  for (const share of [FACE_SHARE, SMALL_SHARE]) {
    const view = squareAround(centre, span / share, side, face.roll);
    const seen = await look(detector, photo, view, share === FACE_SHARE);
    scores.push(inTheMiddle(seen, side, share)?.score ?? 0);
  }
  return scores;
}

/** Looks at a whole photo in which nothing was found, turned either way. */
export async function lookTurned(
  detector: Detector,
  photo: Pyramid,
  signal: AbortSignal,
): Promise<FoundFace[]> {
  const [{ width, height }] = photo.levels;
  for (const roll of [TURNED, -TURNED]) {
    signal.throwIfAborted();
    const view = squareAround([width / 2, height / 2], Math.hypot(width, height), sideOf(detector), roll);
    const seen = (await look(detector, photo, view)).filter(({ score }) => score >= CONVINCING);
    if (seen.length > 0) return seen.map((one) => inPhoto(one, view, roll));
  }
  return [];
}

const sideOf = ({ spec }: Detector) => Math.min(spec.width, spec.height);

/** Scores below this say nothing. */
const LEAST = 0.1;

/** What is looked at, one after the other: each thread has its own. */
let square = new Uint8Array(0);

async function look(
  detector: Detector,
  photo: Pyramid,
  view: Similarity,
  mirrored = false,
): Promise<Candidate[]> {
  const side = sideOf(detector);
  if (square.length !== side * side * 3) square = new Uint8Array(side * side * 3);
  sampleSquare(photo, side, view, square, mirrored);
  return detector.detect({ picture: { data: square, width: side, height: side }, x: 0, y: 0 }, LEAST);
}

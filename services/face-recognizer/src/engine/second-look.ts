import type { Candidate, Detector } from './detector.ts';
import type { FoundFace } from './find-faces.ts';
import type { Pyramid } from './pyramid.ts';
import { sampleSquare } from './sampling.ts';
import { apply, type Point, type Similarity, squareAround } from './similarity.ts';

/** How far a photo is turned that shows no face as it is, in radians. */
const TURNED = (40 * Math.PI) / 180;
/** Part of a look's square that the face takes: the size at which the detector knows faces best, and a smaller one. */
const FACE_SHARE = 0.35;
const SMALL_SHARE = 0.22;
/** Score of a doubtful one that is a face after all. */
const CONVINCING = 0.75;

/**
 * Looks at a candidate at the size at which the detector knows faces best.
 * @returns the face, or undefined where there is none
 */
export async function lookAgain(
  detector: Detector,
  photo: Pyramid,
  candidate: Candidate,
): Promise<FoundFace | undefined> {
  const { centre, span } = placeOf(candidate);
  const view = squareAround(centre, span / FACE_SHARE, sideOf(detector), 0);
  const seen = inTheMiddle(await look(detector, photo, view), sideOf(detector), FACE_SHARE);
  return seen && seen.score >= CONVINCING ? inPhoto(seen, view, 0) : undefined;
}

/**
 * How sure a face remains when it is looked at in other ways, mirrored and smaller: what only resembles a face
 * seldom does in all of them.
 * @returns the mean of the scores, 0–1
 */
export async function confirm(detector: Detector, photo: Pyramid, face: FoundFace): Promise<number> {
  const side = sideOf(detector);
  const { centre, span } = placeOf(face);
  let sum = 0;
  for (const share of [FACE_SHARE, SMALL_SHARE]) {
    const view = squareAround(centre, span / share, side, face.roll);
    const seen = await look(detector, photo, view, share === FACE_SHARE);
    sum += inTheMiddle(seen, side, share)?.score ?? 0;
  }
  return sum / 2;
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

function placeOf({ left, top, right, bottom }: Candidate): { centre: Point; span: number } {
  return { centre: [(left + right) / 2, (top + bottom) / 2], span: Math.max(right - left, bottom - top) };
}

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

/** The best of those that lie in the middle of a square and are about as large as they should be. */
function inTheMiddle(seen: readonly Candidate[], side: number, share: number): Candidate | undefined {
  return seen
    .filter(({ left, top, right, bottom }) => {
      const [x, y] = [(left + right) / 2 - side / 2, (top + bottom) / 2 - side / 2];
      const size = Math.max(right - left, bottom - top) / (side * share);
      return Math.hypot(x, y) < (side * share) / 2 && size > 0.5 && size < 1.8;
    })
    .sort((a, b) => b.score - a.score)[0];
}

/** The upright box of what was seen: as large, about the same middle. */
function inPhoto(
  { left, top, right, bottom, score, points }: Candidate,
  view: Similarity,
  roll: number,
): FoundFace {
  const [x, y] = apply(view, [(left + right) / 2, (top + bottom) / 2]);
  const scale = Math.hypot(view.a, view.b);
  const [halfWidth, halfHeight] = [((right - left) * scale) / 2, ((bottom - top) * scale) / 2];
  return {
    ...{
      left: x - halfWidth,
      top: y - halfHeight,
      right: x + halfWidth,
      bottom: y + halfHeight,
      score,
      roll,
    },
    points: points?.map((point) => apply(view, point)),
  };
}

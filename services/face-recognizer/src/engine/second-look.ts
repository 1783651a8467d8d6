import type { Candidate, Detector } from './detector.ts';
import type { FoundFace } from './find-faces.ts';
import { sampleSquare, type Picture } from './sampling.ts';
import { apply, type Point, type Similarity, squareAround } from './similarity.ts';

/** How far a head is turned that the detector does not know upright, in radians. */
const TURNED = (40 * Math.PI) / 180;
/** Part of a look's square that the face takes. */
const FACE_SHARE = 0.35;
/** A doubtful one, and one that was turned, must convince. */
const CONVINCING = 0.75;
/** What already scored as a face is one unless the second look is clearly against it. */
const CONTRADICTED = 0.35;

/**
 * Looks at a candidate at the size at which the detector knows faces best, and where it is in doubt, also turned
 * either way.
 * @returns the face, or undefined where there is none
 */
export async function lookAgain(
  detector: Detector,
  photo: Picture,
  candidate: Candidate,
): Promise<FoundFace | undefined> {
  const { threshold } = detector.spec;
  const span = Math.max(candidate.right - candidate.left, candidate.bottom - candidate.top) / FACE_SHARE;
  const centre: Point = [(candidate.left + candidate.right) / 2, (candidate.top + candidate.bottom) / 2];
  const upright = await lookFrom(detector, photo, centre, span, 0);
  const scored = candidate.score >= threshold;
  if (upright && upright.score >= CONVINCING) return upright;
  const turned = [
    await lookFrom(detector, photo, centre, span, TURNED),
    await lookFrom(detector, photo, centre, span, -TURNED),
  ];
  const best = turned.filter((one) => one !== undefined).sort((a, b) => b.score - a.score)[0];
  if (best && best.score >= CONVINCING) return best;
  return scored && upright && upright.score >= CONTRADICTED ? { ...candidate, roll: 0 } : undefined;
}

/** Looks at a whole photo in which nothing was found, turned either way. */
export async function lookTurned(
  detector: Detector,
  photo: Picture,
  shown: Picture,
  signal: AbortSignal,
): Promise<FoundFace[]> {
  const side = Math.min(detector.spec.width, detector.spec.height);
  const span = Math.hypot(shown.width, shown.height);
  const factor = photo.width / shown.width;
  for (const roll of [TURNED, -TURNED]) {
    signal.throwIfAborted();
    const view = squareAround([shown.width / 2, shown.height / 2], span, side, roll);
    const seen = await detector.detect({ picture: rounded(shown, side, view), x: 0, y: 0 }, CONVINCING);
    const best = seen.sort((a, b) => b.score - a.score)[0];
    if (best) {
      const face = await lookFrom(detector, photo, ...placeOf(best, view, factor), roll);
      if (face && face.score >= CONVINCING) return [face];
    }
  }
  return [];
}

function placeOf(seen: Candidate, view: Similarity, factor: number): [Point, number] {
  const [x, y] = apply(view, [(seen.left + seen.right) / 2, (seen.top + seen.bottom) / 2]);
  const size = Math.max(seen.right - seen.left, seen.bottom - seen.top) * Math.hypot(view.a, view.b);
  return [[x * factor, y * factor], (size * factor) / FACE_SHARE];
}

/** The best face near the middle of a square of the photo that is turned by `roll`. */
async function lookFrom(
  detector: Detector,
  photo: Picture,
  centre: Point,
  span: number,
  roll: number,
): Promise<FoundFace | undefined> {
  const side = Math.min(detector.spec.width, detector.spec.height);
  const view = squareAround(centre, span, side, roll);
  const seen = await detector.detect({ picture: rounded(photo, side, view), x: 0, y: 0 }, CONTRADICTED);
  const middle = seen.filter(({ left, top, right, bottom }) => {
    const [x, y] = [(left + right) / 2 / side - 0.5, (top + bottom) / 2 / side - 0.5];
    return (
      Math.hypot(x, y) < FACE_SHARE / 2 && Math.max(right - left, bottom - top) > (side * FACE_SHARE) / 2
    );
  });
  const best = middle.sort((a, b) => b.score - a.score)[0];
  return best && inPhoto(best, view, roll);
}

function rounded(picture: Picture, side: number, view: Similarity): Picture {
  return { data: Uint8Array.from(sampleSquare(picture, side, view), Math.round), width: side, height: side };
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

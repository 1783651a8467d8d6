import { areaOf, bestOf, type Candidate, type Detector, isDouble, shared } from './detector.ts';
import { DOUBTFUL, facesAmong, FAINT, type Seen } from './doubtful.ts';
import type { TurnedCandidate } from './look.ts';
import type { Pyramid } from './pyramid.ts';
import { type Picture, resized } from './sampling.ts';
import type { ViewedScale } from './scales.ts';
import { lookTurned } from './second-look.ts';

/** A face in pixels of the photo; turned as far as the detector needed to know. */
export interface FoundFace extends TurnedCandidate {
  /** True where a view that was meant for something else did not show it clearly. */
  readonly doubtful?: boolean;
}

/** A box of which so much lies inside a better one, found at another scale, is a part of that face. */
const INSIDE = 0.7;
/** Boxes of what is faint that may become candidates, and candidates that may come of them: the best of a view. */
const FAINT_OF_VIEW = { boxes: 200, most: 16 };
/** And of a photo. */
const FAINT_OF_PHOTO = { boxes: 400, most: 200 };

/**
 * All that looks like a face in a photo, best first. Small faces that a tile leaves in doubt are looked at again, and
 * where there is nothing at all, the photo is turned either way: the detector knows heads up to 45° from upright.
 * @throws the signal's reason
 */
export async function findFaces(
  detector: Detector,
  photo: Pyramid,
  signal: AbortSignal,
): Promise<FoundFace[]> {
  const seen = { whole: [] as Candidate[], cut: [] as Candidate[] };
  for (const scale of photo.scales) {
    signal.throwIfAborted();
    const { whole, cut } = await lookAt(detector, photo, resized(photo, scale), scale, signal);
    seen.whole.push(...whole);
    seen.cut.push(...cut);
  }
  const faces = await settle(detector, photo, seen, signal);
  return faces.length > 0 ? faces : lookTurned(detector, photo, signal);
}

async function lookAt(
  detector: Detector,
  { levels: [photo], tiles }: Pyramid,
  shown: Picture,
  { views }: ViewedScale,
  signal: AbortSignal,
): Promise<Seen> {
  const found = { whole: [] as Candidate[], cut: [] as Candidate[] };
  const { width, height } = detector.spec;
  for (const { x, y } of views) {
    const part = {
      x,
      y,
      width: Math.min(width, shown.width - x),
      height: Math.min(height, shown.height - y),
    };
    if (views.length > 1 && tiles.isFlat(shown, part)) continue;
    signal.throwIfAborted();
    const seen = await detector.detect({ picture: shown, x, y, tiles }, FAINT);
    const isWhole = (one: Candidate) =>
      (x === 0 || one.left > x + 1) &&
      (y === 0 || one.top > y + 1) &&
      (x + width >= shown.width || one.right < x + width - 1) &&
      (y + height >= shown.height || one.bottom < y + height - 1);
    const isCut = (one: Candidate) => !isWhole(one);
    found.whole.push(...apart(seen.filter(isWhole), detector.spec.overlap, FAINT_OF_VIEW));
    found.cut.push(...apart(seen.filter(isCut), detector.spec.overlap, FAINT_OF_VIEW));
  }
  const inPhoto = (one: Candidate) => scaled(one, photo.width / shown.width, photo.height / shown.height);
  return { whole: found.whole.map(inPhoto), cut: found.cut.map(inPhoto) };
}

/** One of each, and of the faint ones only the best: noise is full of them. */
function apart(
  seen: readonly Candidate[],
  overlap: number,
  { boxes, most }: { readonly boxes: number; readonly most: number },
): Candidate[] {
  const isFaint = ({ score }: Candidate) => score < DOUBTFUL;
  const clear = bestOf(
    seen.filter((one) => !isFaint(one)),
    overlap,
  );
  const faint = seen
    .filter((one) => isFaint(one) && !clear.some((other) => isDouble(one, other, overlap)))
    .sort((a, b) => b.score - a.score)
    .slice(0, boxes);
  return [...clear, ...bestOf(faint, overlap).slice(0, most)];
}

/** Those that score as faces, and of the others those that do at a second look. */
async function settle(
  detector: Detector,
  photo: Pyramid,
  { whole, cut }: Seen,
  signal: AbortSignal,
): Promise<FoundFace[]> {
  const { threshold, overlap } = detector.spec;
  const candidates = withoutParts(apart(whole, overlap, FAINT_OF_PHOTO));
  const sure = candidates
    .filter(({ score }) => score >= threshold)
    .map((candidate): FoundFace => ({ ...candidate, roll: 0 }));
  const others = {
    whole: candidates.filter(({ score }) => score < threshold),
    cut: apart(cut, overlap, FAINT_OF_PHOTO),
  };
  const faces = [...sure, ...(await facesAmong(detector, photo, sure, others, signal))];
  return withoutParts(bestOf(faces, overlap));
}

function withoutParts<T extends Candidate>(best: readonly T[]): T[] {
  return best.filter((one, index) => {
    const area = areaOf(one);
    return !best.slice(0, index).some((other) => areaOf(other) > area && shared(one, other) > INSIDE * area);
  });
}

function scaled({ left, top, right, bottom, score, points }: Candidate, x: number, y: number): Candidate {
  return {
    ...{ left: left * x, top: top * y, right: right * x, bottom: bottom * y, score },
    points: points?.map(([px, py]) => [px * x, py * y] as const),
  };
}

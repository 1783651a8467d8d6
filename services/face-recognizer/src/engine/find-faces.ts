import { areaOf, bestOf, type Candidate, type Detector, shared } from './detector.ts';
import type { Pyramid } from './pyramid.ts';
import { type Picture, resized } from './sampling.ts';
import type { ViewedScale } from './scales.ts';
import { lookAgain, lookTurned } from './second-look.ts';

/** A face in pixels of the photo. */
export interface FoundFace extends Candidate {
  /** By which its top is turned clockwise, as far as the detector needed to know; radians. */
  readonly roll: number;
}

/** What scores less is not even looked at again. */
const DOUBTFUL = 0.3;
/** Doubtful ones that are looked at again: the best of them. */
const MOST_DOUBTFUL = 32;
/** A box of which so much lies inside a better one, found at another scale, is a part of that face. */
const INSIDE = 0.7;
/** A cut one of which so much lies in a face is a part of it. */
const PART = 0.3;

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
  const seen: Seen = { whole: [], cut: [] };
  for (const scale of photo.scales) {
    signal.throwIfAborted();
    const { whole, cut } = await lookAt(detector, photo, resized(photo, scale), scale, signal);
    seen.whole.push(...whole);
    seen.cut.push(...cut);
  }
  const faces = await settle(detector, photo, seen, signal);
  return faces.length > 0 ? faces : lookTurned(detector, photo, signal);
}

/** What the views of a photo show. */
interface Seen {
  readonly whole: Candidate[];
  /** Ends where a tile ends: most lie whole in the next tile, or in the next scale. */
  readonly cut: Candidate[];
}

async function lookAt(
  detector: Detector,
  { levels: [photo], tiles }: Pyramid,
  shown: Picture,
  { views }: ViewedScale,
  signal: AbortSignal,
): Promise<Seen> {
  const found: Seen = { whole: [], cut: [] };
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
    const seen = await detector.detect({ picture: shown, x, y, tiles }, DOUBTFUL);
    const isWhole = (one: Candidate) =>
      (x === 0 || one.left > x + 1) &&
      (y === 0 || one.top > y + 1) &&
      (x + width >= shown.width || one.right < x + width - 1) &&
      (y + height >= shown.height || one.bottom < y + height - 1);
    found.whole.push(...bestOf(seen.filter(isWhole), detector.spec.overlap));
    found.cut.push(
      ...bestOf(
        seen.filter((one) => !isWhole(one)),
        detector.spec.overlap,
      ),
    );
  }
  const inPhoto = (one: Candidate) => scaled(one, photo.width / shown.width, photo.height / shown.height);
  return { whole: found.whole.map(inPhoto), cut: found.cut.map(inPhoto) };
}

/**
 * Those that score as faces, and of the others those that do at a second look. So do faces that every tile cuts and
 * that the next scale is too small for: what is cut is looked at whole, unless it is a part of a face that was found.
 */
async function settle(
  detector: Detector,
  photo: Pyramid,
  { whole, cut }: Seen,
  signal: AbortSignal,
): Promise<FoundFace[]> {
  const { threshold, overlap } = detector.spec;
  const candidates = withoutParts(bestOf(whole, overlap));
  const faces: FoundFace[] = candidates
    .filter(({ score }) => score >= threshold)
    .map((candidate) => ({ ...candidate, roll: 0 }));
  const again = async (candidate: Candidate) => {
    signal.throwIfAborted();
    const face = await lookAgain(detector, photo, candidate);
    if (face) faces.push(face);
  };
  const doubtful = candidates.filter(({ score }) => score < threshold).slice(0, MOST_DOUBTFUL);
  for (const candidate of doubtful) await again(candidate);
  for (const candidate of bestOf(cut, overlap).slice(0, MOST_DOUBTFUL)) {
    const known = faces.some((face) => shared(face, candidate) > PART * areaOf(candidate));
    if (!known) await again(candidate);
  }
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

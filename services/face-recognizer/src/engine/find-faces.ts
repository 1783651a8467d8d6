import { areaOf, bestOf, byScore, type Candidate, type Detector, hasDouble, shared } from './detector.ts';
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
    const { whole, cut } = byEdges(await detector.detect({ picture: shown, x, y, tiles }, FAINT), {
      left: x === 0 ? -Infinity : x + 1,
      top: y === 0 ? -Infinity : y + 1,
      right: x + width >= shown.width ? Infinity : x + width - 1,
      bottom: y + height >= shown.height ? Infinity : y + height - 1,
    });
    found.whole.push(...apart(whole, detector.spec.overlap, FAINT_OF_VIEW));
    found.cut.push(...apart(cut, detector.spec.overlap, FAINT_OF_VIEW));
  }
  const [x, y] = [photo.width / shown.width, photo.height / shown.height];
  return { whole: allScaled(found.whole, x, y), cut: allScaled(found.cut, x, y) };
}

/** Those inside some edges, and those that reach them. */
function byEdges(
  seen: readonly Candidate[],
  { left, top, right, bottom }: Pick<Candidate, 'left' | 'top' | 'right' | 'bottom'>,
): { whole: Candidate[]; cut: Candidate[] } {
  const [whole, cut]: [Candidate[], Candidate[]] = [[], []];
  for (const one of seen) {
    const isWhole = one.left > left && one.top > top && one.right < right && one.bottom < bottom;
    (isWhole ? whole : cut).push(one);
  }
  return { whole, cut };
}

/**
 * One of each, and of the faint ones only the best: noise is full of them. Like all that runs for every candidate, it
 * makes no functions: V8 would compile them anew for every photo.
 */
function apart(
  seen: readonly Candidate[],
  overlap: number,
  { boxes, most }: { readonly boxes: number; readonly most: number },
): Candidate[] {
  const clear = bestOf(seen.filter(isClear), overlap);
  const faint: Candidate[] = [];
  for (const one of seen) if (!isClear(one) && !hasDouble(one, clear, overlap)) faint.push(one);
  return [...clear, ...bestOf(faint.sort(byScore).slice(0, boxes), overlap).slice(0, most)];
}

const isClear = ({ score }: Candidate): boolean => score >= DOUBTFUL;

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
  const kept: T[] = [];
  for (const [index, one] of best.entries()) if (!isPartOfAny(one, best, index)) kept.push(one);
  return kept;
}

/** @param count how many of the others are better */
function isPartOfAny(one: Candidate, others: readonly Candidate[], count: number): boolean {
  const area = areaOf(one);
  for (let n = 0; n < count; n++) {
    const other = others[n] as Candidate;
    if (areaOf(other) > area && shared(one, other) > INSIDE * area) return true;
  }
  return false;
}

function allScaled(candidates: readonly Candidate[], x: number, y: number): Candidate[] {
  const all: Candidate[] = [];
  for (const one of candidates) all.push(scaled(one, x, y));
  return all;
}

function scaled({ left, top, right, bottom, score, points }: Candidate, x: number, y: number): Candidate {
  return {
    ...{ left: left * x, top: top * y, right: right * x, bottom: bottom * y, score },
    points: points?.map(([px, py]) => [px * x, py * y] as const),
  };
}

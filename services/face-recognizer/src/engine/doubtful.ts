import { areaOf, bestOf, byScore, type Candidate, type Detector, shared } from './detector.ts';
import { contactSheetOf } from './contact-sheet.ts';
import type { FoundFace } from './find-faces.ts';
import { placeOf } from './look.ts';
import { lookingBeside } from './look-beside.ts';
import type { Pyramid } from './pyramid.ts';
import { SMALLEST_FACE } from './scales.ts';
import { lookAgain } from './second-look.ts';

/** What scores less is not even looked at again. */
export const FAINT = 0.1;
/** What scores this or more is looked at again in any case, the best of them. */
export const DOUBTFUL = 0.3;
const MOST_DOUBTFUL = 32;
/** Rolls in which a promising one is looked at by itself, the best of them, until one shows a face. */
const MOST_WAYS = 2;
/** Contact sheets without anything promising, after which what scores even less is not looked at: for each view one in sixteen. */
const LEAST_PATIENCE = 2;
const PATIENCE = 1 / 16;
/** A cut or faint one of which so much lies in a face is a part of it. */
const PART = 0.3;
/**
 * Candidates smaller than this are smaller than any face that is promised: they are not turned, since then they often
 * are letters and knobs. What is faint may be a part of a face only, and tells its size at the second look.
 */
const TINY = (SMALLEST_FACE * 2) / 3;
const TINY_PART = SMALLEST_FACE / 2;
const SMALLEST_TURNED = (SMALLEST_FACE * 3) / 4;
/** Faint ones that are shown, at most, the best of them: noise is full of them. */
const MOST_FAINT = 400;
/** Share of a face that lies in the photo, at least. */
const INSIDE = 0.7;

/** What the views of a photo show. */
export interface Seen {
  readonly whole: readonly Candidate[];
  /** Ends where a tile ends: most lie whole in the next tile, or in the next scale. */
  readonly cut: readonly Candidate[];
}

/**
 * Looks again at what scores less than a face: first at all side by side, then at each that is promising by itself, at
 * the size that the detector knows best. So do faces that every tile cuts and that the next scale is too small for:
 * what is cut is looked at whole, unless it is a part of a face that was found.
 * @param sure those that need no second look
 * @returns those that are faces, without the sure ones
 */
export async function facesAmong(
  detector: Detector,
  photo: Pyramid,
  sure: readonly FoundFace[],
  { whole, cut }: Seen,
  signal: AbortSignal,
): Promise<FoundFace[]> {
  const looks = secondLooks(detector, photo, sure, signal);
  const doubtful = whole.filter(({ score }) => score >= DOUBTFUL).slice(0, MOST_DOUBTFUL);
  for (const one of doubtful.filter(isTiny)) {
    signal.throwIfAborted();
    const face = await lookAgain(detector, photo, one);
    if (face) looks.faces.push(face);
  }
  await looks.showEach(doubtful.filter((one) => !isTiny(one)));
  await looks.showMost([...whole.filter(({ score }) => score < DOUBTFUL), ...cut]);
  await looks.beside();
  return looks.faces;
}

/**
 * Faces beside known ones that are tilted, since they are seldom the only ones of a photo: the others may score nothing.
 * @param known turned as they are
 */
export async function facesBeside(
  detector: Detector,
  photo: Pyramid,
  known: readonly FoundFace[],
  signal: AbortSignal,
): Promise<FoundFace[]> {
  const looks = secondLooks(detector, photo, known, signal);
  await looks.beside();
  return looks.faces;
}

const isTiny = (one: Candidate) => placeOf(one).span < TINY;

function secondLooks(detector: Detector, photo: Pyramid, sure: readonly FoundFace[], signal: AbortSignal) {
  const { overlap } = detector.spec;
  const sheet = contactSheetOf(detector);
  const views = photo.scales.reduce((sum, scale) => sum + scale.views.length, 0);
  const patience = Math.max(LEAST_PATIENCE, views * PATIENCE);
  const faces: FoundFace[] = [];
  const isNew = (one: Candidate) =>
    ![...sure, ...faces].some((face) => shared(face, one) > PART * areaOf(one));
  const isTooSmall = (face: FoundFace, from: Candidate) =>
    (face.roll !== 0 || isTiny(from)) && placeOf(face).span < SMALLEST_TURNED;
  const frame = { left: 0, top: 0, right: photo.levels[0].width, bottom: photo.levels[0].height, score: 0 };
  const isOutside = (face: FoundFace) => shared(face, frame) < INSIDE * areaOf(face);

  /** @returns how many were promising */
  const show = async (candidates: readonly Candidate[]) => {
    signal.throwIfAborted();
    let promising = 0;
    for (const ways of await sheet.show(photo, candidates)) {
      if (ways.length > 0) promising++;
      for (const way of ways.slice(0, MOST_WAYS)) {
        if (!isNew(way)) break;
        const face = await lookAgain(detector, photo, way, way.roll);
        if (face && !isTooSmall(face, way) && !isOutside(face)) faces.push({ ...face, doubtful: true });
      }
    }
    return promising;
  };
  const showEach = async (candidates: Candidate[]) => {
    while (candidates.length > 0) await show(candidates.splice(0, sheet.places));
  };
  /** Until some sheets in a row show nothing. */
  const showMost = async (some: readonly Candidate[]) => {
    const large = some.filter((one) => placeOf(one).span >= TINY_PART).sort(byScore);
    const candidates = bestOf(large.slice(0, MOST_FAINT), overlap).filter(isNew);
    for (let vain = 0; candidates.length > 0 && vain < patience;) {
      const next: Candidate[] = [];
      while (candidates.length > 0 && next.length < sheet.places)
        next.push(...candidates.splice(0, 1).filter(isNew));
      vain = next.length > 0 && (await show(next)) > 0 ? 0 : vain + 1;
    }
  };
  /** As long as that finds more. */
  const beside = async () => {
    const look = lookingBeside(detector, photo, { most: 3 * views, least: FAINT, signal });
    for (let known = -1; known < faces.length;) {
      known = faces.length;
      await showMost(await look([...sure, ...faces]));
    }
  };
  return { faces, showEach, showMost, beside };
}

import { areaOf, bestOf, type Candidate, type Detector, shared } from './detector.ts';
import { contactSheetOf } from './contact-sheet.ts';
import type { FoundFace } from './find-faces.ts';
import { placeOf } from './look.ts';
import { lookBeside } from './look-beside.ts';
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
/** Candidates smaller than this are smaller than any face that is promised: turned, they often are letters and knobs. */
const TINY = (SMALLEST_FACE * 2) / 3;
const SMALLEST_TURNED = (SMALLEST_FACE * 3) / 4;
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
  const { overlap } = detector.spec;
  const sheet = contactSheetOf(detector);
  const views = photo.scales.reduce((sum, scale) => sum + scale.views.length, 0);
  const faces: FoundFace[] = [];
  const isNew = (one: Candidate) =>
    ![...sure, ...faces].some((face) => shared(face, one) > PART * areaOf(one));
  const isTooSmall = (face: FoundFace) => face.roll !== 0 && placeOf(face).span < SMALLEST_TURNED;
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
        if (face && !isTooSmall(face) && !isOutside(face)) faces.push({ ...face, doubtful: true });
      }
    }
    return promising;
  };
  const showAll = async (candidates: Candidate[], patience: number) => {
    for (let vain = 0; candidates.length > 0 && vain < patience;) {
      const next: Candidate[] = [];
      while (candidates.length > 0 && next.length < sheet.places)
        next.push(...candidates.splice(0, 1).filter(isNew));
      vain = next.length > 0 && (await show(next)) > 0 ? 0 : vain + 1;
    }
  };

  const doubtful = whole.filter(({ score }) => score >= DOUBTFUL).slice(0, MOST_DOUBTFUL);
  const isTiny = (one: Candidate) => placeOf(one).span < TINY;
  for (const one of doubtful.filter(isTiny)) {
    signal.throwIfAborted();
    const face = await lookAgain(detector, photo, one);
    if (face) faces.push(face);
  }
  const others = doubtful.filter((one) => !isTiny(one));
  while (others.length > 0) await show(others.splice(0, sheet.places));

  const patience = Math.max(LEAST_PATIENCE, views * PATIENCE);
  const worthALook = (some: readonly Candidate[]) =>
    bestOf(
      some.filter((one) => !isTiny(one)),
      overlap,
    ).filter(isNew);
  await showAll(worthALook([...whole.filter(({ score }) => score < DOUBTFUL), ...cut]), patience);
  const limits = { most: 3 * views, least: FAINT, signal };
  await showAll(worthALook(await lookBeside(detector, photo, [...sure, ...faces], limits)), patience);
  return faces;
}

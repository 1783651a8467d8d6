import type { Detector } from './detector.ts';
import { inPhoto, placeOf, type TurnedCandidate } from './look.ts';
import type { Pyramid } from './pyramid.ts';
import { samplePart } from './sampling.ts';
import { SMALLEST_FACE } from './scales.ts';
import { apply, type Point, squareAround } from './similarity.ts';

/** How far the photo is turned, in radians. */
const TURNED = (35 * Math.PI) / 180;
/** Larger faces, in pixels of the photo, score something even when they are tilted, and are looked at for that. */
const SMALL = SMALLEST_FACE * 1.6;
/** How high the middle one of the small faces is shown, by the smallest that the detector finds; and of larger ones. */
const SHOWN = 1;
const SHOWN_LARGE = 2;
/** Views for each face that was found: what is looked for is as much as what is known. */
const VIEWS_EACH = 8;
/** From one view to the next, as a share of the detector's input. */
const STEP = 0.9;

export interface LookBeside {
  /** Views, at most. */
  readonly most: number;
  /** What scores less is left out. */
  readonly least: number;
  readonly signal: AbortSignal;
}

/** What a view shows, one after the other: each thread has its own. */
let shown = new Uint8Array(0);

interface Place {
  readonly centre: Point;
  readonly roll: number;
}

/**
 * Faces are seldom alone, and one that is tilted may score nothing at all: where small ones were found, or a tilted
 * one, the photo around them is looked at turned either way, the nearest parts first. What one call has looked at, the
 * next does not: it goes on around those that became known meanwhile.
 */
export function lookingBeside(
  detector: Detector,
  photo: Pyramid,
  { most, least, signal }: LookBeside,
): (faces: readonly TurnedCandidate[]) => Promise<TurnedCandidate[]> {
  const { width, height, smallest } = detector.spec;
  if (shown.length !== width * height * 3) shown = new Uint8Array(width * height * 3);
  const picture = { data: shown, width, height };
  const done = new Set<Place>();
  let plan: { readonly scale: number; readonly places: readonly Place[] } | undefined;
  let [left, known] = [most, 0];

  const look = async ({ centre, roll }: Place, scale: number): Promise<TurnedCandidate[]> => {
    const square = squareAround(centre, scale * width, width, roll);
    // Of the square the rows in the middle.
    const [tx, ty] = apply(square, [0, (width - height) / 2]);
    const view = { ...square, tx, ty };
    samplePart(photo, picture, view, shown);
    if (photo.tiles.isFlat(picture, { x: 0, y: 0, width, height })) return [];
    left--;
    return (await detector.detect({ picture, x: 0, y: 0 }, least))
      .filter((one) => one.left > 1 && one.top > 1 && one.right < width - 1 && one.bottom < height - 1)
      .map((one) => inPhoto(one, view, roll));
  };

  return async (faces) => {
    const around = thoseWithOthers(faces);
    const middle = around[around.length >> 1];
    if (!middle) return [];
    if (!plan) {
      const scale = middle.span / (smallest * (middle.span < SMALL ? SHOWN : SHOWN_LARGE));
      const step = [width * scale * STEP, height * scale * STEP] as const;
      const places = [TURNED, -TURNED].flatMap((roll) =>
        placesOf(photo.levels[0], roll, step).map((centre) => ({ roll, centre })),
      );
      plan = { scale, places };
    }
    const away = ([x, y]: Point) =>
      Math.min(...around.map(({ centre }) => Math.hypot(centre[0] - x, centre[1] - y)));
    const next = plan.places
      .filter((place) => !done.has(place))
      .map((place) => ({ place, away: away(place.centre) }))
      .sort((a, b) => a.away - b.away);
    const kept = Math.max(0, left - (around.length - known) * VIEWS_EACH);
    known = around.length;
    const found: TurnedCandidate[] = [];
    for (const { place } of next) {
      if (left <= kept) break;
      signal.throwIfAborted();
      done.add(place);
      found.push(...(await look(place, plan.scale)));
    }
    return found;
  };
}

/** Whether others are looked for beside what was found. */
export const hasOthersBeside = (faces: readonly TurnedCandidate[]): boolean =>
  thoseWithOthers(faces).length > 0;

/** Those that others are looked for beside: the small ones, else all if one of them is tilted; the smallest first. */
function thoseWithOthers(faces: readonly TurnedCandidate[]): { centre: Point; span: number }[] {
  const places = faces.map(placeOf).sort((a, b) => a.span - b.span);
  const small = places.filter(({ span }) => span < SMALL);
  if (small.length > 0) return small;
  return faces.some(({ roll }) => roll !== 0) ? places : [];
}

/** Middles of turned views that cover a photo. @param step from one to the next, along their sides */
function placesOf(
  { width, height }: { readonly width: number; readonly height: number },
  roll: number,
  [right, down]: Point,
): Point[] {
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)];
  const columns = Math.ceil((width * Math.abs(cos) + height * Math.abs(sin)) / right);
  const rows = Math.ceil((width * Math.abs(sin) + height * Math.abs(cos)) / down);
  const margin = Math.min(right, down) / 3;
  return Array.from({ length: columns * rows }, (_, n): Point => {
    const x = ((n % columns) - (columns - 1) / 2) * right;
    const y = (Math.floor(n / columns) - (rows - 1) / 2) * down;
    return [width / 2 + x * cos - y * sin, height / 2 + x * sin + y * cos];
  }).filter(([x, y]) => x > -margin && y > -margin && x < width + margin && y < height + margin);
}

import type { Candidate, Detector } from './detector.ts';
import { inPhoto, placeOf, type TurnedCandidate } from './look.ts';
import type { Pyramid } from './pyramid.ts';
import { samplePart } from './sampling.ts';
import { SMALLEST_FACE } from './scales.ts';
import { apply, type Point, squareAround } from './similarity.ts';

/** How far the photo is turned, in radians. */
const TURNED = (35 * Math.PI) / 180;
/** Larger faces, in pixels of the photo, score something even when they are tilted, and are looked at for that. */
const SMALL = SMALLEST_FACE * 1.6;
/** How high the middle one of the small faces is shown, by the smallest that the detector finds. */
const SHOWN = 1;
/** Views for each small face that was found: what is looked for is as much as what is known. */
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

/**
 * Small faces are seldom alone, and a small one that is tilted may score nothing at all: where some were found, the
 * photo around them is looked at turned either way, the nearest parts first.
 */
export async function lookBeside(
  detector: Detector,
  photo: Pyramid,
  faces: readonly Candidate[],
  { most, least, signal }: LookBeside,
): Promise<TurnedCandidate[]> {
  const { width, height, smallest } = detector.spec;
  const small = faces
    .map(placeOf)
    .filter(({ span }) => span < SMALL)
    .sort((a, b) => a.span - b.span);
  const middle = small[small.length >> 1];
  if (!middle) return [];
  if (shown.length !== width * height * 3) shown = new Uint8Array(width * height * 3);
  const picture = { data: shown, width, height };
  const scale = middle.span / (smallest * SHOWN);
  const away = ([x, y]: Point) =>
    Math.min(...small.map(({ centre }) => Math.hypot(centre[0] - x, centre[1] - y)));
  const places = [TURNED, -TURNED]
    .flatMap((roll) =>
      placesOf(photo.levels[0], roll, [width * scale * STEP, height * scale * STEP]).map((centre) => ({
        ...{ roll, centre },
        away: away(centre),
      })),
    )
    .sort((a, b) => a.away - b.away);
  const found: TurnedCandidate[] = [];
  let left = Math.min(most, small.length * VIEWS_EACH);
  for (const { centre, roll } of places) {
    if (left === 0) break;
    signal.throwIfAborted();
    const square = squareAround(centre, scale * width, width, roll);
    // Of the square the rows in the middle.
    const [tx, ty] = apply(square, [0, (width - height) / 2]);
    const view = { ...square, tx, ty };
    samplePart(photo, picture, view, shown);
    if (photo.tiles.isFlat(picture, { x: 0, y: 0, width, height })) continue;
    left--;
    for (const one of await detector.detect({ picture, x: 0, y: 0 }, least)) {
      const isWhole = one.left > 1 && one.top > 1 && one.right < width - 1 && one.bottom < height - 1;
      if (isWhole) found.push(inPhoto(one, view, roll));
    }
  }
  return found;
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

import { type Candidate, type Detector, shifted } from './detector.ts';
import { inPhoto, inTheMiddle, placeOf, type TurnedCandidate } from './look.ts';
import type { Pyramid } from './pyramid.ts';
import { sampleSquare } from './sampling.ts';
import { squareAround } from './similarity.ts';

/** How a candidate is turned, in radians: every head up to 45° from upright is nearly so in one of these. */
const ROLLS = [0, 35, -35].map((degrees) => (degrees * Math.PI) / 180);
/** Side of the square in which a candidate is shown, by the smallest face that the detector finds. */
const CELL = 5;
/** Part of it that the face takes: nearly twice the smallest, at which the detector knows most faces. */
const FACE_SHARE = 0.36;
/** What scores less on a sheet is no face. */
const PROMISING = 0.3;
/** What is seen between and beyond the squares. */
const GREY = 127;

/** Candidates side by side in one view, each upright and turned either way: a fraction of what a view for each costs. */
export interface ContactSheet {
  /** Of candidates, in one run. */
  readonly places: number;
  /**
   * @param candidates as many as there are places, or fewer
   * @returns for each how it looks promising, best first
   */
  show(photo: Pyramid, candidates: readonly Candidate[]): Promise<TurnedCandidate[][]>;
}

/** What is shown, one after the other: each thread has its own. */
let sheet = new Uint8Array(0);
let cell = new Uint8Array(0);

export function contactSheetOf(detector: Detector): ContactSheet {
  const { width, height, smallest } = detector.spec;
  const side = Math.min(Math.round(smallest * CELL), height, Math.floor(width / ROLLS.length));
  const columns = Math.floor(width / side);
  const places = Math.floor((columns * Math.floor(height / side)) / ROLLS.length);
  if (sheet.length !== width * height * 3) sheet = new Uint8Array(width * height * 3);
  if (cell.length !== side * side * 3) cell = new Uint8Array(side * side * 3);
  return {
    places,
    async show(photo, candidates) {
      const looks = candidates.slice(0, places).flatMap((candidate, index) => {
        const { centre, span } = placeOf(candidate);
        return ROLLS.map((roll) => ({
          ...{ index, roll },
          view: squareAround(centre, span / FACE_SHARE, side, roll),
        }));
      });
      const cells = looks.map((look, n) => ({
        ...look,
        x: (n % columns) * side,
        y: Math.floor(n / columns) * side,
      }));
      sheet.fill(GREY);
      for (const { x, y, view } of cells) {
        sampleSquare(photo, side, view, cell);
        for (let row = 0; row < side; row++)
          sheet.set(cell.subarray(row * side * 3, (row + 1) * side * 3), ((y + row) * width + x) * 3);
      }
      const seen = await detector.detect({ picture: { data: sheet, width, height }, x: 0, y: 0 }, PROMISING);
      const found = candidates.map((): TurnedCandidate[] => []);
      for (const { index, roll, view, x, y } of cells) {
        const here = seen.map((one) => shifted(one, -x, -y));
        const best = inTheMiddle(here, side, FACE_SHARE);
        if (best) found[index]?.push(inPhoto(best, view, roll));
      }
      return found.map((each) => each.sort((a, b) => b.score - a.score));
    },
  };
}

import type { DetectorSpec } from './model-set.ts';

/** Height of the smallest face that is looked for, in pixels of the photo. */
export const SMALLEST_FACE = 24;
/** A photo smaller than the detector's input is enlarged, but no more than this. */
const MOST_ENLARGED = 2;
/** From one scale to the next: a face that is too large for the tiles of one is well within reach of the next. */
const LARGEST_STEP = 4;
/** How far tiles overlap, as a share of the detector's input: a face up to this size lies whole in one of them. */
const TILE_OVERLAP = 0.2;

/** What a detector takes, and the height of the smallest face that it finds; in pixels. */
export type Seen = Pick<DetectorSpec, 'width' | 'height' | 'smallest'>;

/** A size at which a photo is looked at, in as many views as it takes. */
export interface ViewedScale {
  /** Of the photo at this scale, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Upper left corners of the views. */
  readonly views: readonly { readonly x: number; readonly y: number }[];
}

/**
 * At which sizes a photo is to be looked at: whole, and where that makes the smallest face too small for the detector,
 * larger, in overlapping tiles. The largest comes first.
 */
export function planScales(
  photo: { readonly width: number; readonly height: number },
  { width, height, smallest }: Seen,
): ViewedScale[] {
  const whole = Math.min(width / photo.width, height / photo.height, MOST_ENLARGED);
  const finest = smallest / SMALLEST_FACE;
  const steps = whole < finest ? Math.ceil(Math.log(finest / whole) / Math.log(LARGEST_STEP)) : 0;
  return Array.from({ length: steps + 1 }, (_, step) => {
    const scale = step === steps ? whole : finest * (whole / finest) ** (step / steps);
    const size = {
      width: Math.max(1, Math.round(photo.width * scale)),
      height: Math.max(1, Math.round(photo.height * scale)),
    };
    const rows = starts(size.height, height);
    const views = rows.flatMap((y) => starts(size.width, width).map((x) => ({ x, y })));
    return { ...size, views };
  });
}

/** Where tiles of a length begin, so that they cover a side evenly and overlap enough. */
function starts(side: number, tile: number): number[] {
  if (side <= tile) return [0];
  const count = Math.ceil((side - tile * TILE_OVERLAP) / (tile * (1 - TILE_OVERLAP)));
  return Array.from({ length: count }, (_, n) => Math.round(((side - tile) * n) / (count - 1)));
}

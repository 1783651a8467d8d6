import { blank, colourOf, mix, paste, type Box, type Picture } from './picture.ts';
import type { SetName } from './sets.ts';

export type TransitionStyle =
  | 'cut'
  | 'fade'
  | 'dip'
  | 'white'
  | 'wipe-left'
  | 'wipe-right'
  | 'wipe-up'
  | 'wipe-down'
  | 'push-left'
  | 'push-up'
  | 'cover'
  | 'dissolve'
  | 'glide'
  | 'scroll';

export interface Transition {
  readonly style: TransitionStyle;
  /** Seconds; half of it lies before the boundary. */
  readonly seconds: number;
  /** What is scrolled, and by how many pixels. */
  readonly scroll?: { readonly pane: Box; readonly by: number };
}

/** Those that wipe or push, by set. */
export const movingStyles: Record<SetName, readonly TransitionStyle[]> = {
  train: ['wipe-left', 'wipe-up', 'push-left'],
  'held-out': ['wipe-right', 'wipe-down', 'push-up', 'push-left', 'cover', 'dissolve'],
};

const BLOCK = 32;

/** Draws the passage between two pictures at `share` (0 to 1) of its time. */
export function paintTransition(
  { style, scroll }: Pick<Transition, 'style' | 'scroll'>,
  from: Picture,
  to: Picture,
  share: number,
  into: Picture,
): void {
  const { width: w, height: h } = into;
  const all: Box = { x: 0, y: 0, w, h };
  const column = even(w * share);
  const row = even(h * share);
  const under = (picture: Picture) => into.data.set(picture.data);
  switch (style) {
    case 'cut':
      under(share < 0.5 ? from : to);
      break;
    case 'fade':
      mix(from, to, share, into);
      break;
    case 'dip':
    case 'white': {
      const between = style === 'dip' ? blank(w, h) : blank(w, h, colourOf(255, 255, 255));
      if (share < 0.5) mix(from, between, share * 2, into);
      else mix(between, to, share * 2 - 1, into);
      break;
    }
    case 'wipe-left':
      under(from);
      paste(to, { x: w - column, y: 0, w: column, h }, into, w - column, 0);
      break;
    case 'wipe-right':
      under(from);
      paste(to, { x: 0, y: 0, w: column, h }, into, 0, 0);
      break;
    case 'wipe-up':
      under(from);
      paste(to, { x: 0, y: h - row, w, h: row }, into, 0, h - row);
      break;
    case 'wipe-down':
      under(from);
      paste(to, { x: 0, y: 0, w, h: row }, into, 0, 0);
      break;
    case 'push-left':
      paste(from, all, into, -column, 0);
      paste(to, all, into, w - column, 0);
      break;
    case 'push-up':
      paste(from, all, into, 0, -row);
      paste(to, all, into, 0, h - row);
      break;
    case 'cover':
      under(from);
      paste(to, all, into, w - column, 0);
      break;
    case 'scroll': {
      const { pane, by } = scroll ?? { pane: all, by: h };
      const done = even(by * eased(share));
      const { x, y } = pane;
      under(from);
      paste(from, { ...pane, y: y + done, h: pane.h - done }, into, x, y);
      // What comes from below is the end of the next.
      paste(to, { ...pane, y: y + pane.h - by, h: done }, into, x, y + pane.h - done);
      break;
    }
    case 'glide': {
      mix(from, to, share, into);
      const picture = share < 0.5 ? from : to;
      const away = share < 0.5 ? eased(share) : eased(share) - 1;
      const bands = 4;
      for (let band = 0; band < bands; band++) {
        const box = { x: 0, y: even((h * band) / bands), w, h: even(h / bands) };
        const [right, down] = [((band * 7 + 3) % 5) - 2, ((band * 5 + 2) % 3) - 1];
        paste(picture, box, into, even(away * right * w * 0.2), box.y + even(away * down * h * 0.3));
      }
      break;
    }
    case 'dissolve':
      under(from);
      for (let y = 0; y < h; y += BLOCK)
        for (let x = 0; x < w; x += BLOCK)
          if (turnOf(x, y) < share) paste(to, { x, y, w: BLOCK, h: Math.min(BLOCK, h - y) }, into, x, y);
  }
}

/** Slow at both ends. */
const eased = (share: number) => share * share * (3 - 2 * share);

/** When a block turns, from 0 to 1, as if by chance. */
const turnOf = (x: number, y: number) =>
  ((Math.imul(x * 31 + y * 17 + 7, 0x9e3779b1) >>> 8) & 0xffff) / 0x10000;

export const even = (value: number) => 2 * Math.round(value / 2);

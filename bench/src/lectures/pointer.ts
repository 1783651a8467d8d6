import { colourOf, disc, dot, type Box, type Picture } from './picture.ts';
import type { Paint } from './lecture.ts';
import { swayOf } from './person.ts';
import type { Random } from './random.ts';

const red = colourOf(255, 30, 30);
const white = colourOf(255, 255, 255);
const dark = colourOf(20, 20, 20);

/** A laser pointer's spot: on for some seconds, off for some, never at rest. */
export function laser({ x, y, w, h }: Box, radius: number, random: Random): Paint {
  const [acrossX, acrossY, shakeX, shakeY] = [0, 1, 2, 3].map(() => swayOf(random)) as Four;
  const period = random.between(4, 7);
  return (frame, t) => {
    if (t % period > period * 0.65) return;
    const cx = x + w * (0.5 + 0.4 * acrossX(t)) + shakeX(t * 9) * radius;
    const cy = y + h * (0.5 + 0.4 * acrossY(t)) + shakeY(t * 9) * radius;
    disc(frame, cx, cy, radius * 1.8, red, 0.4);
    disc(frame, cx, cy, radius, red, 0.9);
    disc(frame, cx, cy, radius * 0.4, white);
  };
}

type Four = [(t: number) => number, (t: number) => number, (t: number) => number, (t: number) => number];

/** A mouse pointer: goes somewhere within a second, and rests there for some. */
export function mouse({ x, y, w, h }: Box, size: number, random: Random): Paint {
  const stops = Array.from({ length: 400 }, () => ({
    x: x + w * random.between(0.1, 0.9),
    y: y + h * random.between(0.15, 0.9),
  }));
  const period = random.between(2, 4);
  return (frame, t) => {
    const at = Math.floor(t / period) % (stops.length - 1);
    const [from, to] = [stops[at], stops[at + 1]];
    if (!from || !to) return;
    const share = Math.min(1, (t % period) / (period * 0.4));
    const eased = share * share * (3 - 2 * share);
    arrow(frame, from.x + (to.x - from.x) * eased, from.y + (to.y - from.y) * eased, size);
  };
}

/** The arrow that every desktop shows, its tip at the place. */
function arrow(frame: Picture, x: number, y: number, size: number): void {
  const [left, top] = [Math.round(x), Math.round(y)];
  for (let row = 0; row < size * 1.5; row++) {
    const width = row < size ? row * 0.72 : Math.max(0, (size * 1.5 - row) * 0.8);
    for (let column = 0; column <= width; column++) {
      const edge = column < 1.5 || column > width - 1.5 || row > size * 1.5 - 2;
      dot(frame, left + column, top + row, edge ? dark : white);
    }
  }
}

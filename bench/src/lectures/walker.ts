import type { Paint } from './lecture.ts';
import { ellipse, swayOf } from './person.ts';
import { colourOf } from './picture.ts';
import type { Random } from './random.ts';

/** A lecturer who walks to and fro in front of the screen, and stands still now and then. */
export function walker(width: number, height: number, random: Random): Paint {
  const coat = colourOf(random.whole(20, 90), random.whole(20, 90), random.whole(20, 100));
  const skin = colourOf(random.whole(110, 200), random.whole(80, 150), random.whole(60, 120));
  const tall = height * random.between(0.5, 0.7);
  const pace = random.between(0.03, 0.07);
  const [wander, arm] = [swayOf(random), swayOf(random)];
  const all = { x: 0, y: 0, w: width, h: height };
  return (frame, t) => {
    // Back and forth at one speed, with a rest at each end.
    const swing = Math.asin(Math.sin(t * pace * 2 * Math.PI + 1)) / (Math.PI / 2);
    const place = Math.max(-1, Math.min(1, swing * 1.5));
    const x = width * (0.5 + 0.38 * place + 0.05 * wander(t));
    const top = height - tall;
    ellipse(frame, all, x, top + tall * 0.66, tall * 0.17, tall * 0.5, coat);
    const reach = arm(t) * 0.5 + 0.5;
    ellipse(
      frame,
      all,
      x + tall * (0.12 + 0.18 * reach),
      top + tall * (0.5 - 0.25 * reach),
      tall * 0.05,
      tall * 0.12,
      coat,
    );
    ellipse(frame, all, x, top + tall * 0.1, tall * 0.085, tall * 0.11, skin);
    ellipse(frame, all, x, top + tall * 0.04, tall * 0.09, tall * 0.06, [40, 126, 130]);
  };
}

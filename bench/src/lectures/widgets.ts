import { rect, text } from './layout.ts';
import type { Paint } from './lecture.ts';
import { colourOf, disc, paste, renderSvg, type Box, type Picture } from './picture.ts';
import { person, swayOf } from './person.ts';
import { inset } from './place.ts';
import type { Shot } from './plan.ts';
import type { Random } from './random.ts';
import { even } from './transitions.ts';

/** A clock in a corner that shows another time every so many seconds. */
export async function clock(canvas: Box, duration: number, every: number, random: Random): Promise<Paint> {
  const [w, h] = [even(canvas.h * 0.16), even(canvas.h * 0.05)];
  const begin = random.whole(0, 3000);
  const phase = random.between(0.2, 1) * every;
  const dark = random.chance(0.5);
  const faces: Picture[] = [];
  for (let n = 0; n <= Math.ceil((duration + every) / every); n++) {
    const count = begin + n;
    const time = `${String(Math.floor(count / 60) % 60).padStart(2, '0')}:${String(count % 60).padStart(2, '0')}`;
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 160 50">` +
      rect(0, 0, 160, 50, dark ? '#202225' : '#e8eaee') +
      text(time, 80, 38, {
        size: 36,
        fill: dark ? '#f0f0f0' : '#202020',
        font: 'DejaVu Sans',
        anchor: 'middle',
      }) +
      '</svg>';
    faces.push(await renderSvg(svg, w, h));
  }
  const [x, y] = [even(canvas.w - w), random.pick([0, even(canvas.h - h)])];
  return (frame, t) => {
    const face = faces[Math.floor((t + phase) / every)];
    if (face) paste(face, { x: 0, y: 0, w, h }, frame, x, y);
  };
}

/** A head that is switched off now and then, and comes back in another corner. */
export function switchedHead(canvas: Box, share: number, random: Random): Paint {
  const heads = random
    .shuffle([0, 1, 2, 3])
    .map((corner) => inset(canvas, share * 0.8, share, corner % 2 ? 0.98 : 0.02, corner > 1 ? 0.98 : 0.02))
    .map((box) => person(box, random.fork('same')));
  const turns = Array.from({ length: 400 }, () => random.between(4, 14));
  const shown = Array.from({ length: 400 }, () => (random.chance(0.35) ? undefined : random.pick(heads)));
  return (frame, t) => {
    let at = 0;
    for (let left = t; left > (turns[at] ?? Infinity); at++) left -= turns[at] ?? 0;
    shown[at]?.(frame, t);
  };
}

/** Bright spots that drift over all of the picture, as animated backgrounds have them. */
export function particles(canvas: Box, random: Random): Paint {
  const spots = Array.from({ length: random.whole(10, 24) }, () => ({
    x: random.next() * canvas.w,
    y: random.next() * canvas.h,
    radius: canvas.h * random.between(0.006, 0.03),
    speed: canvas.h * random.between(0.02, 0.08),
    sway: swayOf(random),
  }));
  const colour = colourOf(random.whole(120, 255), random.whole(120, 255), random.whole(120, 255));
  const strength = random.between(0.12, 0.3);
  return (frame, t) => {
    for (const { x, y, radius, speed, sway } of spots) {
      const top = (((y - speed * t) % canvas.h) + canvas.h) % canvas.h;
      disc(frame, x + sway(t) * canvas.w * 0.03, top, radius, colour, strength);
    }
  };
}

/** Seconds that the hand is there before and after a step. */
const HAND = { before: 0.8, after: 0.7 };
/** After its last step a sheet is free of the hand so many seconds later. */
export const HAND_LEAVES = 1.2;

/** The hand and the arm of somebody who writes on paper: they come from below and lie over a part of the sheet. */
export function writingHand(canvas: Box, shots: readonly Shot[], random: Random): Paint {
  const skin = colourOf(random.whole(140, 230), random.whole(100, 170), random.whole(80, 140));
  const sleeve = colourOf(random.whole(20, 120), random.whole(20, 120), random.whole(20, 140));
  const [shakeX, shakeY] = [swayOf(random), swayOf(random)];
  return (frame, t) => {
    const shot = shots.find(({ start, end }) => t >= start && t < end);
    const near = shot?.steps.findLast(({ from }) => from - HAND.before <= t);
    if (!shot || !near || near.from === shot.start) return;
    const isLast = near === shot.steps.at(-1);
    const away = isLast ? Math.max(0, (t - near.from - HAND.after) / (HAND_LEAVES - HAND.after)) : 0;
    if (away > 1) return;
    const figure = near.step - 1;
    const x = canvas.w * (0.2 + 0.32 * (figure % 3)) + shakeX(t * 4) * canvas.w * 0.02;
    const y = canvas.h * (0.2 + 0.27 * Math.floor(figure / 3) + away) + shakeY(t * 4) * canvas.h * 0.02;
    const unit = canvas.h * 0.045;
    for (let n = 14; n >= 0; n--) {
      disc(frame, x + n * unit * 0.5, y + n * unit * 0.9, unit * (n < 4 ? 1 : 1.3), n < 6 ? skin : sleeve);
    }
  };
}

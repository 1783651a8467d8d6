import type { Paint } from './lecture.ts';
import { blank, colourOf, paste, type Box, type Picture } from './picture.ts';
import { ellipse, swayOf } from './person.ts';
import type { Random } from './random.ts';

export interface ClipTimes {
  /** Before it the first frame shows. */
  readonly from: number;
  /** After it the last one does. */
  readonly until: number;
}

/** A film that plays in a part of a slide: a camera that pans, something that moves, and now and then a cut. */
export function clip(box: Box, { from, until }: ClipTimes, random: Random): Paint {
  const scenery = sceneryOf(box, random);
  const [panX, panY, moveX, moveY] = [swayOf(random), swayOf(random), swayOf(random), swayOf(random)];
  const ball = colourOf(random.whole(150, 255), random.whole(0, 255), random.whole(0, 120));
  const cutEvery = random.between(2.5, 6);
  return (frame, t) => {
    const time = Math.min(Math.max(t, from), until) - from;
    const shot = Math.floor(time / cutEvery);
    const pan = time + shot * 17;
    const x = 2 * Math.round((scenery.width - box.w) * 0.25 * (1 + 0.9 * panX(pan)));
    const y = 2 * Math.round((scenery.height - box.h) * 0.25 * (1 + 0.9 * panY(pan)));
    paste(scenery, { ...box, x: Math.max(0, x), y: Math.max(0, y) }, frame, box.x, box.y);
    const cx = box.x + box.w * (0.5 + 0.4 * moveX(pan * 2));
    const cy = box.y + box.h * (0.5 + 0.4 * moveY(pan * 2));
    ellipse(frame, box, cx, cy, box.h * 0.1, box.h * 0.1, ball);
  };
}

/** A GIF: a few pictures a second, the same again and again. */
export function animation(box: Box, start: number, random: Random): Paint {
  const [rate, pictures] = [random.between(2, 8), random.whole(4, 16)];
  const film = clip(box, { from: 0, until: Infinity }, random);
  return (frame, t) => film(frame, (Math.floor(Math.max(0, t - start) * rate) % pictures) / rate);
}

function sceneryOf(box: Box, random: Random): Picture {
  const picture = blank(2 * box.w, 2 * box.h, colourOf(random.whole(40, 200), random.whole(40, 200), 150));
  const all = { x: 0, y: 0, w: picture.width, h: picture.height };
  for (let i = 0; i < 70; i++) {
    const colour = colourOf(random.whole(0, 255), random.whole(0, 255), random.whole(0, 255));
    const [x, y] = [random.next() * all.w, random.next() * all.h];
    ellipse(
      picture,
      all,
      x,
      y,
      box.h * random.between(0.03, 0.2),
      box.h * random.between(0.03, 0.25),
      colour,
    );
  }
  return picture;
}

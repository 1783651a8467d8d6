import type { Paint } from './lecture.ts';
import { ellipse, person } from './person.ts';
import { blank, colourOf, paste, type Box } from './picture.ts';
import type { Random } from './random.ts';
import { even } from './transitions.ts';

/** Those of a meeting, one above the other: who speaks comes into another tile and is framed; some have no camera. */
export function participants(strip: Box, random: Random): Paint {
  const rows = random.whole(2, 4);
  const tall = even(strip.h / rows - 4);
  const tiles = Array.from({ length: rows }, (_, row) => ({
    x: strip.x,
    y: even(strip.y + (row * strip.h) / rows),
    w: strip.w,
    h: tall,
  }));
  const people = Array.from({ length: rows + random.whole(1, 4) }, (_, n) => {
    const own = random.fork(`somebody ${n}`);
    return own.chance(0.35) ? initials(own) : (box: Box) => person(box, own.fork('face'));
  });
  // Each as they look in each tile.
  const seen = people.map((somebody) => tiles.map((tile) => somebody(tile)));
  const stays = random.between(4, 9);
  return (frame, t) => {
    const turn = Math.floor(t / stays);
    tiles.forEach((tile, row) => {
      const who = random.fork(`turn ${row === turn % rows ? turn : turn - 1 - (turn % 2)} ${row}`);
      seen[who.whole(0, people.length - 1)]?.[row]?.(frame, t);
      if (row === turn % rows) border(tile)(frame, t);
    });
  };
}

/** A camera that is off shows a disc. */
const initials = (random: Random) => {
  const [ground, disc] = [20, 90].map((least) =>
    colourOf(
      random.whole(least, least + 60),
      random.whole(least, least + 60),
      random.whole(least, least + 60),
    ),
  );
  return (box: Box): Paint => {
    const plain = blank(box.w, box.h, ground);
    const radius = Math.min(box.w, box.h) * 0.3;
    return (frame) => {
      paste(plain, { ...box, x: 0, y: 0 }, frame, box.x, box.y);
      if (disc) ellipse(frame, box, box.x + box.w / 2, box.y + box.h / 2, radius, radius, disc);
    };
  };
};

const green = colourOf(120, 220, 60);

const border = ({ x, y, w, h }: Box): Paint => {
  const [across, down] = [blank(w, 4, green), blank(4, h, green)];
  return (frame) => {
    for (const top of [y, y + h - 4]) paste(across, { x: 0, y: 0, w, h: 4 }, frame, x, top);
    for (const left of [x, x + w - 4]) paste(down, { x: 0, y: 0, w: 4, h }, frame, left, y);
  };
};

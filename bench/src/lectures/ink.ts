import type { Paint } from './lecture.ts';
import { colourOf, disc, type Box } from './picture.ts';
import type { Random } from './random.ts';

const inks = [colourOf(220, 20, 40), colourOf(20, 60, 220), colourOf(10, 140, 40), colourOf(240, 170, 0)];

interface Point {
  readonly x: number;
  readonly y: number;
  /** When the pen is there, in seconds of the video. */
  readonly at: number;
}

export interface Ink {
  readonly paint: Paint;
  /** When the last stroke is done. */
  readonly done: number;
}

/** Strokes that are drawn by hand onto a slide between two times and stay. */
export function ink(box: Box, from: number, until: number, random: Random): Ink {
  const strokes = random.whole(2, 5);
  const each = (until - from) / strokes;
  const colour = random.pick(inks);
  const radius = Math.max(1, Math.min(box.w, box.h) * random.between(0.004, 0.007));
  const points: Point[] = [];
  for (let i = 0; i < strokes; i++) {
    const start = from + i * each;
    const path = random.pick([ring, underline, scribble])(box, random);
    // The pen rests between strokes.
    const steps = 160;
    for (let k = 0; k <= steps; k++)
      points.push({ ...path(k / steps), at: start + (each * 0.7 * k) / steps });
  }
  return {
    done: points.at(-1)?.at ?? from,
    paint: (frame, t) => {
      for (const { x, y, at } of points) if (at <= t) disc(frame, x, y, radius, colour);
    },
  };
}

type Path = (share: number) => { x: number; y: number };

function ring(box: Box, random: Random): Path {
  const [x, y] = [box.x + box.w * random.between(0.25, 0.75), box.y + box.h * random.between(0.3, 0.7)];
  const [rx, ry] = [box.w * random.between(0.06, 0.14), box.h * random.between(0.05, 0.1)];
  return (share) => ({ x: x + rx * Math.cos(share * 6.6), y: y + ry * Math.sin(share * 6.6) });
}

function underline(box: Box, random: Random): Path {
  const [x, y] = [box.x + box.w * random.between(0.1, 0.4), box.y + box.h * random.between(0.25, 0.85)];
  const length = box.w * random.between(0.15, 0.4);
  return (share) => ({ x: x + share * length, y: y + Math.sin(share * 5) * box.h * 0.008 });
}

function scribble(box: Box, random: Random): Path {
  const [x, y] = [box.x + box.w * random.between(0.5, 0.7), box.y + box.h * random.between(0.25, 0.8)];
  const [length, tall] = [box.w * random.between(0.12, 0.22), box.h * random.between(0.02, 0.04)];
  const turns = random.between(18, 40);
  return (share) => ({
    x: x + share * length + Math.cos(share * turns * 1.3) * tall * 0.5,
    y: y + Math.sin(share * turns) * tall,
  });
}

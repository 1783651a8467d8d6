import type { Paint } from './lecture.ts';
import { person } from './person.ts';
import { blank, colourOf, type Box, type Picture } from './picture.ts';
import { inset } from './place.ts';
import type { Shot } from './plan.ts';
import type { Random } from './random.ts';
import { resample } from './resample.ts';
import type { Span } from './sets.ts';
import { even } from './transitions.ts';

/** How a recording arranges the slide: `gallery` beside those of a meeting, `desk` beside the speaker, `lens` enlarged. */
export type Arrangement = 'gallery' | 'desk' | 'lens';

export interface Arranged {
  /** The frame that is recorded of what the slides show; good until the next call. */
  readonly record: (canvas: Picture, t: number) => Picture;
  /** When not all of the slide can be seen. */
  readonly partly: readonly Span[];
}

interface ArrangementOptions {
  readonly width: number;
  readonly height: number;
  readonly shots: readonly Shot[];
}

export function arrange(kind: Arrangement, options: ArrangementOptions, random: Random): Arranged {
  return kind === 'lens' ? enlarged(options, random) : beside(kind, options, random);
}

/** The slide fills the picture for a while, then makes room for people, then fills it again. */
function beside(
  kind: 'gallery' | 'desk',
  { width, height, shots }: ArrangementOptions,
  random: Random,
): Arranged {
  const whole: Box = { x: 0, y: 0, w: width, h: height };
  const { slide, people } = kind === 'gallery' ? galleryOf(whole, random) : deskOf(whole, random);
  const ground = blank(
    width,
    height,
    colourOf(random.whole(10, 50), random.whole(10, 50), random.whole(10, 60)),
  );
  const out = blank(width, height);
  const turns = turnsOf(shots.at(-1)?.end ?? 0, random);
  const paints: Paint[] = people.map((box, n) => person(box, random.fork(`person ${n}`)));
  return {
    partly: [],
    record: (canvas, t) => {
      if (turns.filter((turn) => turn <= t).length % 2 === 0) return canvas;
      out.data.set(ground.data);
      resample(canvas, whole, out, slide);
      for (const paint of paints) paint(out, t);
      return out;
    },
  };
}

/** When the arrangement changes. */
function turnsOf(duration: number, random: Random): number[] {
  const turns: number[] = [];
  for (let t = random.between(4, 12); t < duration - 3; t += random.between(6, 16)) turns.push(t);
  return turns;
}

interface Boxes {
  readonly slide: Box;
  readonly people: readonly Box[];
}

/** A strip of people above the slide or to the right of it. */
function galleryOf(whole: Box, random: Random): Boxes {
  const share = random.between(0.76, 0.86);
  const count = random.whole(3, 5);
  if (random.chance(0.5)) {
    const strip = even(whole.h * (1 - share) * 0.94);
    const wide = even(strip * 1.5);
    const left = (whole.w - count * (wide + 4)) / 2;
    const people = Array.from({ length: count }, (_, n) => ({
      x: even(left + n * (wide + 4)),
      y: 2,
      w: wide,
      h: strip,
    }));
    return { slide: inset(whole, share, share, 0.5, 1), people };
  }
  const slide = inset(whole, share, share, 0, 0.5);
  const wide = even((whole.w - slide.w) * 0.94);
  const tall = even(wide * 0.7);
  const top = (whole.h - count * (tall + 4)) / 2;
  const x = even(slide.w + 4);
  const people = Array.from({ length: count }, (_, n) => ({
    x,
    y: even(top + n * (tall + 4)),
    w: wide,
    h: tall,
  }));
  return { slide, people };
}

/** The speaker beside a smaller slide, as mixing desks put it. */
function deskOf(whole: Box, random: Random): Boxes {
  const share = random.between(0.6, 0.75);
  const slide = inset(whole, share, share, 0.98, random.between(0.1, 0.5));
  const w = even(slide.x - whole.w * 0.03);
  return { slide, people: [{ x: even(whole.w * 0.01), y: even(whole.h * 0.2), w, h: even(whole.h * 0.6) }] };
}

/** Parts of some slides are enlarged for a while, as screen recorders do; each ends as a whole. */
function enlarged({ width, height, shots }: ArrangementOptions, random: Random): Arranged {
  const glide = random.between(0.5, 1);
  const views = shots.flatMap(({ start, end, slide }) => {
    const [from, until] = [start + random.between(1.5, 3), end - random.between(2.5, 4)];
    if (typeof slide !== 'number' || until - from < 2 * glide + 1.5 || !random.chance(0.7)) return [];
    return [{ from, until, factor: random.between(1.4, 2.2), x: random.next(), y: random.next() }];
  });
  const out = blank(width, height);
  const whole: Box = { x: 0, y: 0, w: width, h: height };
  return {
    partly: views.map(({ from, until }) => [from, until]),
    record: (canvas, t) => {
      const view = views.find(({ from, until }) => t >= from && t < until);
      if (!view) return canvas;
      const share = Math.min(1, (t - view.from) / glide, (view.until - t) / glide);
      const factor = 1 + (view.factor - 1) * share * share * (3 - 2 * share);
      const [w, h] = [width / factor, height / factor];
      resample(canvas, { x: (width - w) * view.x, y: (height - h) * view.y, w, h }, out, whole);
      return out;
    },
  };
}

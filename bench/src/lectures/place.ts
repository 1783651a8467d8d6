import { blank, colourOf, paste, type Box, type Picture } from './picture.ts';
import type { Random } from './random.ts';
import type { Recipe } from './recipes.ts';
import { room } from './room.ts';
import type { Ranges } from './sets.ts';
import { even } from './transitions.ts';

/** Where slides lie in the frame. */
export interface Place {
  /** The slide, in the picture that is drawn on. */
  readonly slide: Box;
  readonly project: (slide: Picture) => Picture;
  readonly record?: ((canvas: Picture, t: number) => Picture) | undefined;
  /** Where the speaker sits when beside the slide. */
  readonly beside?: Box;
}

export function placeOf(
  recipe: Recipe,
  width: number,
  height: number,
  ranges: Ranges,
  random: Random,
): Place {
  const whole: Box = { x: 0, y: 0, w: width, h: height };
  const { place } = recipe;
  if (place === undefined) return { slide: whole, project: (slide) => slide };
  switch (place) {
    case 'room':
    case 'hand': {
      const jitter = place === 'hand' ? random.between(...ranges.jitter) * 4 : 0;
      const noise = random.between(...ranges.noise);
      const { project, record } = room(
        width,
        height,
        { noise, jitter, exposure: recipe.exposure === true },
        random,
      );
      return { slide: whole, project, record };
    }
    case 'sheet': {
      // A document camera looks straight down, at the paper and nothing else.
      const { record } = room(
        width,
        height,
        { noise: random.between(...ranges.noise), jitter: 0, exposure: false },
        random,
      );
      return { slide: whole, project: (slide) => slide, record };
    }
    case 'bars': {
      const share = random.between(0.7, 0.85);
      const pillars = random.chance(0.5);
      const slide = pillars ? inset(whole, share, 1, 0.5, 0.5) : inset(whole, 1, share, 0.5, 0.5);
      return { slide, project: onto(blank(width, height), slide) };
    }
    case 'side': {
      const share = random.between(0.68, 0.76);
      const slide = inset(whole, share, share, 0.02, 0.5);
      const desk = colourOf(random.whole(10, 60), random.whole(10, 60), random.whole(20, 80));
      const x = even(slide.x + slide.w + width * 0.015);
      const beside = { x, y: slide.y, w: even(width * 0.985 - x), h: even(slide.h * random.between(0.5, 1)) };
      return { slide, project: onto(blank(width, height, desk), slide), beside };
    }
  }
}

const onto = (ground: Picture, box: Box) => (slide: Picture) => {
  const frame = { ...ground, data: ground.data.slice() };
  paste(slide, { ...box, x: 0, y: 0 }, frame, box.x, box.y);
  return frame;
};

/** A box of those shares of the whole, with the room around it split at `x` and `y` (0 to 1). */
export function inset(whole: Box, w: number, h: number, x: number, y: number): Box {
  const [width, height] = [even(whole.w * w), even(whole.h * h)];
  return {
    x: even(whole.x + (whole.w - width) * x),
    y: even(whole.y + (whole.h - height) * y),
    w: width,
    h: height,
  };
}

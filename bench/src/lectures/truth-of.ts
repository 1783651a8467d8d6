import type { Slide } from './deck.ts';
import type { Ink } from './ink.ts';
import { blank, copyOf, paste, type Picture } from './picture.ts';
import type { Shot } from './plan.ts';
import type { Span } from './sets.ts';
import type { TrueRange, TrueSlide } from './truth.ts';

export interface Shown {
  readonly deck: readonly Slide[];
  readonly shots: readonly Shot[];
  readonly inks: ReadonlyMap<number, Ink>;
  /** Seconds that each step of a build is faded in. */
  readonly fade: number;
  /** Seconds after the last step in which something still lies over the slide. */
  readonly settles: number;
  /** When not all of it can be seen. */
  readonly partly: readonly Span[];
}

/** What is true of a slide, given by its number in the deck. */
export function truthOf(number: number, { deck, shots, inks, fade, settles, partly }: Shown): TrueSlide {
  const last = lastStepOf(number, shots);
  const ranges = shots.flatMap((shot, i): TrueRange[] => {
    if (shot.slide !== number || shot.flash) return [];
    const { start, end, steps, transition } = shot;
    const reached = steps.findIndex(({ step }) => step === last);
    // The first state of a shot is there with the shot and not faded in.
    const built = reached > 0 ? (steps[reached]?.from ?? 0) + fade + settles : start;
    const seen = partly.filter(([from]) => from >= start && from < end).map(([, until]) => until);
    const from = Math.max(built, ...seen, start + transition.seconds / 2, inks.get(number)?.done ?? 0);
    const until = end - (shots[i + 1]?.transition.seconds ?? 0) / 2;
    return [{ start, end, complete: reached >= 0 && from < until ? { from, until } : null }];
  });
  const id = deck[number]?.id ?? '';
  return { id, ranges, final: `${id}.png` };
}

/** The slide as it is in the end, everything drawn, in that size of the frame. */
export function finalOf(
  number: number,
  { deck, shots, inks }: Shown,
  width: number,
  height: number,
): Picture {
  const shown = copyOf(stepOf(deck, number, lastStepOf(number, shots)));
  inks.get(number)?.paint(shown, Infinity);
  if (shown.width === width) return shown;
  // Without what is there only for the camera to shake in.
  const final = blank(width, height);
  const [x, y] = [(shown.width - width) / 2, (shown.height - height) / 2];
  paste(shown, { x, y, w: width, h: height }, final, 0, 0);
  return final;
}

/** The picture of a slide after a step of its build, from 1. */
export function stepOf(deck: readonly Slide[], slide: number, step: number): Picture {
  const picture = deck[slide]?.steps[step - 1];
  if (!picture) throw new Error(`Slide ${slide} has no step ${step}`);
  return picture;
}

/** The last step that is ever shown of a slide. */
function lastStepOf(number: number, shots: readonly Shot[]): number {
  const shown = shots.filter(({ slide, flash }) => slide === number && !flash);
  return Math.max(1, ...shown.flatMap(({ steps }) => steps.map(({ step }) => step)));
}

import type { Random } from './random.ts';
import type { Recipe } from './recipes.ts';
import type { Ranges, SetName } from './sets.ts';
import { movingStyles, type Transition, type TransitionStyle } from './transitions.ts';

/** What is shown for a while; times in seconds of the video. */
export interface Shot {
  /** Number of the slide from 0, or what is shown instead. */
  readonly slide: number | 'speaker' | 'black';
  readonly start: number;
  readonly end: number;
  /** Shown only on the way to another: it counts for nothing. */
  readonly flash: boolean;
  readonly transition: Transition;
  /** When each step of the build comes, from the first one that this shot shows on. */
  readonly steps: readonly { readonly step: number; readonly from: number }[];
}

interface Visit {
  readonly slide: Shot['slide'];
  /** Leaves before the build is complete. */
  readonly hurried: boolean;
  readonly flash?: boolean;
}

/** Seconds that a slide flashes by. */
const FLASH = [0.15, 0.4] as const;

const speaker: Visit = { slide: 'speaker', hurried: false };
const black: Visit = { slide: 'black', hurried: false };

/** Who shows what when. `stepCounts`: how many steps each slide is built in; `rate`: frames a second. */
export function planShots(
  recipe: Recipe,
  stepCounts: readonly number[],
  ranges: Ranges,
  set: SetName,
  rate: number,
  random: Random,
): Shot[] {
  // Nothing changes between frames.
  const onFrame = (seconds: number) => Math.ceil(seconds * rate - 1e-6) / rate;
  const built = stepCounts.map(() => 0);
  const shots: Shot[] = [];
  let start = 0;
  for (const { slide, hurried, flash = false } of visitsOf(recipe, stepCounts.length, random)) {
    const transition = shots.length === 0 || flash ? cut : transitionOf(recipe, ranges, set, random);
    const steps: { step: number; from: number }[] = [];
    let at = start + transition.seconds / 2;
    if (typeof slide === 'number') {
      const all = stepCounts[slide] ?? 1;
      const already = built[slide] ?? 0;
      const last = hurried && all > 2 ? Math.max(already, all - 1) : all;
      steps.push({ step: Math.max(1, already), from: start });
      for (let step = flash ? Infinity : Math.max(2, already + 1); step <= last; step++) {
        at = onFrame(at + random.between(...(recipe.buildEvery ?? ranges.buildEvery)));
        steps.push({ step, from: at });
      }
      if (!flash) built[slide] = last;
    }
    const stays = random.between(...(recipe.shown ?? ranges.shown)) * (steps.length > 1 ? 0.6 : 1);
    const seconds = flash ? random.between(...FLASH) : (recipe.still ?? stays) + ranges.transition[1] / 2;
    const end = onFrame(at + seconds);
    shots.push({ slide, start, end, flash, transition, steps });
    start = end;
  }
  return shots;
}

const cut: Transition = { style: 'cut', seconds: 0 };

function transitionOf(recipe: Recipe, ranges: Ranges, set: SetName, random: Random): Transition {
  const asked = random.pick<TransitionStyle | 'moving'>(recipe.transitions ?? ['cut']);
  const style = asked === 'moving' ? random.pick(movingStyles[set]) : asked;
  return style === 'cut' ? cut : { style, seconds: random.between(...ranges.transition) };
}

function visitsOf(recipe: Recipe, slides: number, random: Random): Visit[] {
  const visits: Visit[] = recipe.leader ? [black] : [];
  if (slides === 0 || (recipe.speaker && random.chance(0.5))) visits.push(speaker);
  for (let slide = 0; slide < slides; slide++) {
    const hurried = recipe.revisits === true && random.chance(0.2);
    visits.push({ slide, hurried });
    if (recipe.speaker && random.chance(0.3)) visits.push(speaker);
    if (recipe.blackouts && random.chance(0.6)) visits.push(black, { slide, hurried: false });
    if (!recipe.revisits || slide === 0 || !(hurried || random.chance(0.45))) continue;
    const back = random.whole(0, slide - 1);
    if (recipe.seeking) visits.push(...flashes(slide, back));
    visits.push({ slide: back, hurried: false });
    // Most go back to where they were.
    if (!hurried && !random.chance(0.6)) continue;
    if (recipe.seeking) visits.push(...flashes(back, slide));
    visits.push({ slide, hurried: false });
  }
  return recipe.leader ? [...visits, black] : visits;
}

/** The slides between two, in the order in which they are passed; at most three, which takes about a second. */
function flashes(from: number, to: number): Visit[] {
  const step = Math.sign(to - from);
  const between = Array.from({ length: Math.abs(to - from) - 1 }, (_, n) => from + step * (n + 1));
  return between.slice(-3).map((slide) => ({ slide, hurried: false, flash: true }));
}

import { captionBlocks } from './captions.ts';
import { compare, type Comparison, compareWithAny, type Patch } from './comparison.ts';
import { type Grid, sizeOf } from './grid.ts';
import type { Shot } from './shots.ts';
import { BUSY, showsSlide } from './slide-likeness.ts';
import { type Grain, inkBlocks, joined, type View, without } from './view.ts';

/** A page of the lecture: the shots that show one slide, in order. */
export interface Slide {
  readonly shots: Shot[];
}

interface Growing extends Slide {
  /** As it is now. */
  view: View;
  /** As it was in each of its shots. */
  readonly looks: View[];
}

/** Shots that were looked at less often are on the way to something. */
const LEAST_LOOKS = 3;
const LEAST_COMMON = 0.15;
/** Shares of its blocks that a slide may lose while it grows, and that may differ when it is shown again. */
const LOST = 0.08;
const DIFFERENT = 0.05;
/** What may differ on a full slide that was drawn upon. */
const DRAWN = { fullBlocks: 60, lost: 0.08, added: 0.12, patchPixels: 25 };
/** Blocks that a pointer may have hidden, and earlier looks at the slide that may tell. */
const HIDDEN = 5;
const REMEMBERED = 5;
/** What it shows at first others may show at first as well; from this share of its content on it is itself. */
const FULL = 0.7;

/** Those of the shots that stand. */
export const standing = (shots: readonly Shot[]): Shot[] => shots.filter(({ looks }) => looks >= LEAST_LOOKS);

/** Tells which shots show the same slide: grown, or shown again. Shots of speakers and of nothing are left out. */
export function groupSlides(all: readonly Shot[], grid: Grid): Slide[] {
  const shots = standing(all);
  const captions = captionBlocks(shots, grid);
  const slides: Growing[] = [];
  let current: Growing | undefined;
  /** Shots with too little on them to be slides, which may become ones. */
  let beginnings: Shot[] = [];
  for (const [index, whole] of shots.entries()) {
    const hidden = captions[index];
    const shot = hidden ? { ...whole, view: without(whole.view, hidden) } : whole;
    if (!showsSlide(shot, grid)) {
      current = undefined;
      beginnings = shot.busy > BUSY ? [] : [...beginnings, shot];
      continue;
    }
    const growing = current && grows(current, shot, grid) ? current : undefined;
    const known = growing ?? slides.find((slide) => returns(slide, shot, grid));
    const first =
      beginnings.findLastIndex(({ view }) => !isBuild(compare(view, shot.view, grid, shot.grain))) + 1;
    const own = [...beginnings.slice(first), shot];
    beginnings = [];
    if (known) {
      known.shots.push(...own);
      known.looks.push(shot.view);
      known.view = joined(shot.view, known.view, grid);
      current = known;
    } else {
      current = { shots: own, view: shot.view, looks: [shot.view] };
      slides.push(current);
    }
  }
  return slides;
}

function grows({ view, looks }: Growing, shot: Shot, grid: Grid): boolean {
  const comparison = compare(view, shot.view, grid, shot.grain);
  if (isBuild(comparison)) return true;
  if (looks.length < 2 || sizeOf(comparison.lost) > HIDDEN) return false;
  return isBuild(compareWithAny([view, ...looks.slice(-REMEMBERED)], shot.view, grid, shot.grain));
}

function returns({ view, looks }: Growing, shot: Shot, grid: Grid): boolean {
  const full = FULL * inkBlocks(view, grid, shot.grain);
  const views = [view, ...looks.slice(-REMEMBERED)];
  const isAgain = (look: View) =>
    isFull(look, full, grid, shot.grain) && isRevisit(compare(look, shot.view, grid, shot.grain));
  if (views.some(isAgain)) return true;
  const { lost, added } = compare(view, shot.view, grid, shot.grain);
  if (looks.length < 2 || sizeOf(lost) > HIDDEN || sizeOf(added) > HIDDEN) return false;
  return isRevisit(compareWithAny(views, shot.view, grid, shot.grain));
}

const isFull = (view: View, full: number, grid: Grid, grain: Grain) => inkBlocks(view, grid, grain) >= full;

/** A slide grows when it loses next to nothing and nothing makes way for anything. */
function isBuild({ common, before, lost, patches }: Comparison): boolean {
  return common > LEAST_COMMON && !patches.some(isReplaced) && sizeOf(lost) <= Math.max(2, LOST * before);
}

function isRevisit({ common, before, after, lost, added, patches }: Comparison): boolean {
  if (common <= LEAST_COMMON || patches.some(isReplaced)) return false;
  const [gone, fresh] = [sizeOf(lost), sizeOf(added)];
  if (gone <= Math.max(2, DIFFERENT * before) && fresh <= Math.max(2, DIFFERENT * after)) return true;
  const isDrawn = gone <= DRAWN.lost * before && fresh <= DRAWN.added * after;
  return before >= DRAWN.fullBlocks && isDrawn && patches.every((patch) => lessOf(patch) < DRAWN.patchPixels);
}

const lessOf = ({ lost, added }: Patch) => Math.min(lost, added);

/**
 * Something made way for something else: a number, a word, a slide. Not so where a little is gone and much more has
 * come: a pointer left from beside a new line.
 */
function isReplaced(patch: Patch): boolean {
  const { blocks, lost, added } = patch;
  const isEven = lessOf(patch) >= 0.5 * Math.max(lost, added);
  return lessOf(patch) >= 8 && (isEven || blocks > 6 || lost > 60);
}

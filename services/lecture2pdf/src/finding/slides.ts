import { captionBlocks } from './captions.ts';
import { clockBlocks } from './clocks.ts';
import { compare, type Comparison, compareWithAny, type Patch } from './comparison.ts';
import { type Grid, sizeOf } from './grid.ts';
import { mayHaveSwitched } from './overlays.ts';
import { peopleBlocks } from './people.ts';
import { hiddenIn, pointersOf } from './pointers.ts';
import { type Resized, resizedFrom } from './resized.ts';
import { createShelf, type Keep } from './shelf.ts';
import type { Shot } from './shots.ts';
import { type Bound, boundOf, type Looked, type Sketched, sketchOf, strokesOf } from './sketch.ts';
import { BUSY, showsSlide } from './slide-likeness.ts';
import type { Pausing } from './turns.ts';
import { inkBlocks, inkBlocksOf, joined, mayBeAlike, pack, unpack, type View, without } from './view.ts';

/** A page of the lecture: the shots that show one slide, in order. */
export interface Slide {
  readonly shots: Shot[];
  /** The last of those that show it best. */
  readonly pictured: Shot;
}

interface Growing extends Slide {
  pictured: Shot;
  /** As it is now. */
  view: Sketched;
  /** It is shown at another size than where it is pictured. */
  apart: boolean;
  /** As it was in its last shots. */
  looks: Sketched[];
}

const LEAST_COMMON = 0.15;
/** Shares of its blocks that a slide may lose while it grows, and that may differ when it is shown again. */
const LOST = 0.08;
const DIFFERENT = 0.05;
/** What is faint is lost when a slide is shown smaller. */
const LOST_SMALLER = 0.15;
/** Share of its content that may have come to a slide since it was last shown: it was left before it was complete. */
const GROWN = 0.4;
/** What may differ on a full slide that was drawn upon. */
const DRAWN = { fullBlocks: 60, lost: 0.08, added: 0.12, patchPixels: 25 };
/** Blocks that a pointer may have hidden, and earlier looks at the slide that may tell. */
const HIDDEN = 5;
const REMEMBERED = 5;
/** A slide that changes its size was shown a while ago at most. */
const MOST_RECENT = 2;
/** Blocks by which a slide must have grown to be pictured where it is smaller. */
const MORE = 2;
/** What it shows at first others may show at first as well; from this share of its content on it is itself. */
const FULL = 0.7;

/** Tells which shots show the same slide: grown, or shown again. Shots of speakers and of nothing are left out. */
export function* groupSlides(shots: readonly Shot[], grid: Grid): Pausing<Slide[]> {
  const captions = yield* captionBlocks(shots, grid);
  const people = yield* peopleBlocks(shots, grid);
  const clocks = yield* clockBlocks(shots, grid);
  const pointers = yield* pointersOf(shots, grid);
  const keep = createShelf();
  const slides: Growing[] = [];
  let current: Growing | undefined;
  /** Those shown last, the last one first. */
  let recent: readonly Growing[] = [];
  /** Shots with too little on them to be slides, which may become ones. */
  let beginnings: Shot[] = [];
  for (const [index, shot] of shots.entries()) {
    yield;
    const whole = unpack(shot.view, grid);
    const view = [captions[index], people[index], clocks, hiddenIn(whole, pointers, grid)].reduce<View>(
      (rest, hidden) => (hidden ? without(rest, hidden) : rest),
      whole,
    );
    if (!showsSlide(view, shot, grid)) {
      current = undefined;
      beginnings = shot.busy > BUSY || inkBlocks(view, grid, shot.grain) === 0 ? [] : [...beginnings, shot];
      continue;
    }
    const packed = { ...shot.view, calm: keep(view.calm) };
    const seen: Looked = { view, packed, strokes: strokesOf(view, grid, shot.grain), grain: shot.grain };
    const growing = current && grows(current, seen, grid) ? current : undefined;
    const same = growing ?? slides.find((slide) => returns(slide, seen, grid));
    const resized = same ? undefined : findResized(recent, seen, grid);
    const known = same ?? resized?.slide;
    const first =
      beginnings.findLastIndex((one) => !isBuild(compare(unpack(one.view, grid), view, grid, shot.grain))) +
      1;
    const own = [...beginnings.slice(first), shot];
    beginnings = [];
    const kept: Sketched = { packed, sketch: sketchOf(view, grid, keep) };
    if (known) {
      known.shots.push(...own);
      show(known, { ...seen, kept }, resized, { grid, keep });
      if (!known.apart) known.pictured = shot;
      current = known;
    } else {
      current = { shots: own, pictured: shot, apart: false, view: kept, looks: [kept] };
      slides.push(current);
    }
    recent = [current, ...recent.filter((slide) => slide !== current)].slice(0, MOST_RECENT);
  }
  return slides;
}

/** The slide is shown like that now. @param resized where it is at another size than before */
function show(
  slide: Growing,
  seen: Looked & { kept: Sketched },
  resized: Resized | undefined,
  { grid, keep }: { grid: Grid; keep: Keep },
): void {
  const { view, kept } = seen;
  slide.looks = [...slide.looks.slice(1 - REMEMBERED), kept];
  if (resized) {
    slide.apart = !resized.isBetter;
    // What it showed at another size is nothing to add to.
    slide.view = kept;
    return;
  }
  if (slide.apart) slide.apart = !hasMore(slide, seen, grid);
  const all = joined(view, unpack(slide.view.packed, grid), grid);
  slide.view = all === view ? kept : { packed: pack(all, grid, keep), sketch: sketchOf(all, grid, keep) };
}

function grows(slide: Growing, { view, grain }: Looked, grid: Grid): boolean {
  const known = unpack(slide.view.packed, grid);
  const comparison = compare(known, view, grid, grain);
  if (isBuild(comparison)) return true;
  if (slide.looks.length < 2 || sizeOf(comparison.lost) > HIDDEN) return false;
  return isBuild(
    compareWithAny([known, ...slide.looks.map(({ packed }) => unpack(packed, grid))], view, grid, grain),
  );
}

function returns(slide: Growing, seen: Looked, grid: Grid): boolean {
  const { view, packed, grain } = seen;
  const alike = [slide.view, ...slide.looks].filter((look) => mayBeAlike(look.packed, packed));
  if (alike.length === 0) return false;
  const grownOf = (look: Sketched) => (look === slide.view ? GROWN : DIFFERENT);
  // What a camera hides that was switched on or off, no bound knows.
  const boundTo = (look: Sketched) =>
    mayHaveSwitched([look.packed.lively, packed.lively], grid) ? NO_BOUND : boundOf(look, seen, grid);
  const likely = alike.filter((look) => mayReturn(boundTo(look), grownOf(look)));
  if (likely.length === 0) {
    const { lost, added } = boundTo(slide.view);
    if (lost > HIDDEN || added > HIDDEN) return false;
  }
  const full = FULL * inkBlocksOf(slide.view.packed, grid, grain);
  const isAgain = (look: Sketched) =>
    inkBlocksOf(look.packed, grid, grain) >= full &&
    isRevisit(compare(unpack(look.packed, grid), view, grid, grain), grownOf(look));
  if (likely.some(isAgain)) return true;
  const now = unpack(slide.view.packed, grid);
  const { lost, added } = compare(now, view, grid, grain);
  if (slide.looks.length < 2 || sizeOf(lost) > HIDDEN || sizeOf(added) > HIDDEN) return false;
  return isRevisit(
    compareWithAny([now, ...slide.looks.map((look) => unpack(look.packed, grid))], view, grid, grain),
  );
}

/** Whether there is more of a slide than before. */
function hasMore(slide: Growing, { view, grain }: Looked, grid: Grid): boolean {
  return sizeOf(compare(unpack(slide.view.packed, grid), view, grid, grain).added) > MORE;
}

/** The slide that is shown at another size than before. */
function findResized(slides: readonly Growing[], { view, grain }: Looked, grid: Grid) {
  const isSame = (comparison: Comparison) => isBuild(comparison, LOST_SMALLER) || isRevisit(comparison);
  for (const slide of slides) {
    const resized = resizedFrom(unpack(slide.view.packed, grid), view, { grid, grain, isSame });
    if (resized) return { slide, ...resized };
  }
  return undefined;
}

/** A slide grows when it loses next to nothing and nothing makes way for anything. */
function isBuild(comparison: Comparison, most = LOST): boolean {
  const { common, before, lost } = comparison;
  if (common <= LEAST_COMMON || sizeOf(lost) > Math.max(2, most * before)) return false;
  return !comparison.patches.some(isReplaced);
}

const NO_BOUND: Bound = { before: 0, after: 0, lost: 0, added: 0 };

/** Whether it may be one, see {@link isRevisit}, as far as is known without a comparison. */
const mayReturn = ({ before, after, lost, added }: Bound, grown: number): boolean =>
  lost <= Math.max(2, DIFFERENT * before, DRAWN.lost * before) &&
  added <= Math.max(2, grown * after, DRAWN.added * after);

function isRevisit(comparison: Comparison, grown = DIFFERENT): boolean {
  const { common, before, after, lost, added } = comparison;
  const [gone, fresh] = [sizeOf(lost), sizeOf(added)];
  const isSame = gone <= Math.max(2, DIFFERENT * before) && fresh <= Math.max(2, grown * after);
  const isDrawn = before >= DRAWN.fullBlocks && gone <= DRAWN.lost * before && fresh <= DRAWN.added * after;
  if (common <= LEAST_COMMON || !(isSame || isDrawn)) return false;
  const { patches } = comparison;
  return !patches.some(isReplaced) && (isSame || patches.every((patch) => lessOf(patch) < DRAWN.patchPixels));
}

/** Pixels of a digit, or of a part of one, that another one lacks; fewer tell where nothing else has changed. */
const REPLACED = 6;
const ALONE = { lost: 5, added: 3 };

const lessOf = ({ lost, added }: Patch) => Math.min(lost, added);

/**
 * Something made way for something else: a number, a word, a slide. Not so where a little is gone and much more has
 * come: a pointer left from beside a new line.
 */
function isReplaced(patch: Patch): boolean {
  const { blocks, lost, added, widerLost, widerAdded, isAlone, isWhole } = patch;
  if (isAlone && widerLost >= ALONE.lost && widerAdded >= ALONE.added && isEven(widerLost, widerAdded, 0.3)) {
    return true;
  }
  if (lessOf(patch) < REPLACED) return false;
  return isWhole || isEven(lost, added, blocks.length > 6 ? 0.3 : 0.5) || isEven(widerLost, widerAdded, 0.5);
}

/** Whether one is at least that share of the other. */
const isEven = (a: number, b: number, share: number) => Math.min(a, b) >= share * Math.max(a, b);

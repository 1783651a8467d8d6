import type { Truth, TrueRange, TrueSlide } from './truth.ts';

/** What a finder says; times in seconds. */
export interface Found {
  readonly slides: readonly FoundPage[];
}

export interface FoundPage {
  readonly ranges: readonly Span[];
  /** The moment whose picture is the page's. */
  readonly frameTime: number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Counts, so that those of many videos can be added up. */
export interface Score {
  readonly pages: number;
  /** Pages that show a slide for the first time: the others are duplicates or no slides. */
  readonly right: number;
  readonly slides: number;
  /** Of the slides found, those whose picture is of a moment when they are complete. */
  readonly final: number;
  /** Boundaries of the slides found, and those that are within a second. */
  readonly boundaries: number;
  readonly near: number;
  /** What is wrong, in words. */
  readonly faults: readonly string[];
}

const BOUNDARY_SECONDS = 1;

/**
 * Compares what was found with the truth. A page is of the slide that it overlaps most in time, if that is at least half
 * of the page; a second page of a slide is a false one. A missed boundary is one of a slide that was found.
 */
export function score(truth: Truth, found: Found): Score {
  const faults: string[] = [];
  const pageOf = new Map<TrueSlide, FoundPage>();
  let optional = 0;
  for (const page of found.slides) {
    const slide = slideOf(truth, page);
    if (slide === undefined) faults.push(`no slide: page ${spans(page.ranges)}`);
    else if (pageOf.has(slide)) faults.push(`again ${slide.id}: page ${spans(page.ranges)}`);
    else {
      pageOf.set(slide, page);
      if (slide.optional) optional++;
    }
  }
  const asked = truth.slides.filter((slide) => !slide.optional);
  let [final, boundaries, near] = [0, 0, 0];
  for (const slide of asked) {
    const page = pageOf.get(slide);
    if (page === undefined) {
      faults.push(`missed ${slide.id} ${spans(slide.ranges)}`);
      continue;
    }
    if (isComplete(slide.ranges, page.frameTime)) final++;
    else faults.push(`not complete ${slide.id} at ${seconds(page.frameTime)}`);
    for (const side of ['start', 'end'] as const) {
      for (const range of slide.ranges) {
        boundaries++;
        const off = Math.min(...page.ranges.map((span) => Math.abs(span[side] - range[side])));
        if (off <= BOUNDARY_SECONDS) near++;
        else faults.push(`${slide.id} ${side} ${seconds(range[side])} is off by ${seconds(off)}`);
      }
    }
  }
  const right = pageOf.size - optional;
  return {
    pages: found.slides.length - optional,
    right,
    slides: asked.length,
    final,
    boundaries,
    near,
    faults,
  };
}

/** The slide that a page is of; undefined for a page that mostly shows none. */
function slideOf(truth: Truth, page: FoundPage): TrueSlide | undefined {
  const total = page.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  let best: { slide: TrueSlide; shared: number } | undefined;
  for (const slide of truth.slides) {
    let shared = 0;
    for (const a of slide.ranges) {
      for (const b of page.ranges) shared += Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
    }
    if (shared > (best?.shared ?? 0)) best = { slide, shared };
  }
  return best !== undefined && best.shared >= total / 2 ? best.slide : undefined;
}

/** Frames have a length: a moment is given the millisecond that rounding takes. */
const isComplete = (ranges: readonly TrueRange[], moment: number) =>
  ranges.some(
    ({ complete }) => complete && moment >= complete.from - 0.001 && moment <= complete.until + 0.001,
  );

export function sumOf(scores: readonly Score[]): Score {
  const total = (count: (one: Score) => number) => scores.reduce((sum, one) => sum + count(one), 0);
  return {
    pages: total((one) => one.pages),
    right: total((one) => one.right),
    slides: total((one) => one.slides),
    final: total((one) => one.final),
    boundaries: total((one) => one.boundaries),
    near: total((one) => one.near),
    faults: scores.flatMap((one) => one.faults),
  };
}

/** Shares from 0 to 1; of nothing it is 1: nothing is wrong with it. */
export function sharesOf({ pages, right, slides, final, boundaries, near }: Score): {
  readonly precision: number;
  readonly recall: number;
  readonly final: number;
  readonly boundaries: number;
} {
  const share = (part: number, whole: number) => (whole === 0 ? 1 : part / whole);
  return {
    precision: share(right, pages),
    recall: share(right, slides),
    final: share(final, right),
    boundaries: share(near, boundaries),
  };
}

const seconds = (time: number) => `${time.toFixed(2)} s`;
const spans = (ranges: readonly Span[]) =>
  ranges.map(({ start, end }) => `${start.toFixed(1)}–${end.toFixed(1)}`).join(', ');

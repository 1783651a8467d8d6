import { type Content, makeContent, vary } from './content.ts';
import { type Layout, slideSvg } from './layout.ts';
import { layoutsOf } from './layouts.ts';
import { boardLayout, clipLayout, typedLayout } from './layouts-special.ts';
import { type Box, type Picture, renderSvg } from './picture.ts';
import type { Random } from './random.ts';
import type { Recipe } from './recipes.ts';
import type { SetName } from './sets.ts';
import { type Theme, themesOf } from './themes.ts';

export interface Slide {
  readonly id: string;
  /** The slide after each step of its build, as it lies in the frame. */
  readonly steps: readonly Picture[];
}

export interface DeckOptions {
  readonly set: SetName;
  /** Where the slide lies in the frame. */
  readonly slide: Box;
  readonly project: (slide: Picture) => Picture;
  /** What always lies over a part of the frame: a difference behind it is none. */
  readonly covered?: Box | undefined;
}

interface Draft {
  readonly content: Content;
  readonly layout: Layout;
  /** Differs little from the one before, and is shown at once. */
  readonly near: boolean;
}

/** The slides of a lecture, in one theme, no two of which look alike. */
export async function makeDeck(recipe: Recipe, options: DeckOptions, random: Random): Promise<Slide[]> {
  const { set, slide, project, covered } = options;
  const theme = random.pick(themesOf[set]);
  const [w, h] = [slide.w, slide.h];
  const stage = w >= h ? { w: 1600, h: (1600 * h) / w } : { w: 1000, h: (1000 * h) / w };
  const count = recipe.slides ?? 6;
  const deck: Slide[] = [];
  let last: Draft | undefined;
  for (let tries = 0; deck.length < count; tries++) {
    if (tries > 20 * count) throw new Error('Nothing new to show');
    const draft = nextSlide(last, recipe, set, random);
    const parts = draft.layout.parts(draft.content, theme, stage);
    // Some slides begin as nothing but their background.
    if (recipe.builds === 'fade' && !draft.near && random.chance(0.25)) parts.unshift('');
    const steps: Picture[] = [];
    for (const svg of stepsOf(parts, draft.near ? undefined : recipe.builds, theme, stage)) {
      steps.push(project(await renderSvg(svg, w, h)));
    }
    const [final] = steps.slice(-1);
    if (!final || deck.some((other) => looksLike(final, other.steps.at(-1) ?? final, covered))) continue;
    last = draft;
    deck.push({ id: `s${String(deck.length + 1).padStart(2, '0')}`, steps });
  }
  return deck;
}

/** A hundredth of a percent of the picture is about a digit. */
const DIFFERENT_SHARE = 1e-4;
const DIFFERENT_LUMA = 24;

function looksLike(a: Picture, b: Picture, covered: Box | undefined): boolean {
  const { width, height } = a;
  let different = 0;
  for (let y = 0; y < height; y++) {
    const behind = covered !== undefined && y >= covered.y && y < covered.y + covered.h;
    for (let x = 0; x < width; x++) {
      if (behind && x >= covered.x && x < covered.x + covered.w) continue;
      if (Math.abs((a.data[y * width + x] ?? 0) - (b.data[y * width + x] ?? 0)) > DIFFERENT_LUMA) different++;
    }
  }
  return different < DIFFERENT_SHARE * width * height;
}

function nextSlide(last: Draft | undefined, recipe: Recipe, set: SetName, random: Random): Draft {
  const fresh = makeContent(set, random);
  if (recipe.written !== undefined) {
    const layout = recipe.written === 'typed' ? typedLayout : boardLayout;
    return { content: fresh, layout, near: false };
  }
  if (recipe.within === 'clip' || recipe.within === 'gif')
    return { content: fresh, layout: clipLayout, near: false };
  if (last && recipe.near && random.chance(0.6)) {
    const content = vary(last.content, last.layout.shows, set, random);
    return { layout: last.layout, content, near: true };
  }
  // A topic that goes on on a second slide keeps its title and its looks.
  if (last && random.chance(0.2) && !last.layout.shows.includes('title'))
    return { layout: last.layout, content: { ...fresh, title: last.content.title }, near: false };
  return { content: fresh, layout: random.pick(layoutsOf[set]), near: false };
}

function stepsOf(
  parts: readonly string[],
  builds: Recipe['builds'],
  theme: Theme,
  stage: { w: number; h: number },
): string[] {
  if (builds === undefined) return [slideSvg(parts, theme, stage)];
  return parts.map((_, i) => {
    const shown = parts.slice(0, i + 1);
    const dimmed = shown.map((part, k) => (k > 0 && k < i ? `<g opacity="0.4">${part}</g>` : part));
    return slideSvg(builds === 'dim' ? dimmed : shown, theme, stage);
  });
}

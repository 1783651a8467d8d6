import { compare, type Comparison } from './comparison.ts';
import { type Grid, sizeOf, widen } from './grid.ts';
import { blocksUnder, findInset, type Inset, withInset } from './insets.ts';
import { type Grain, inkBlocks, type View, without } from './view.ts';

/** What is seen beside an inset is of the slide when it is more than this share of what is seen in it. */
const BESIDE = 0.1;
/** Blocks by which a view must show more than another to be the fuller one. */
const MORE = 2;
/** Content in fewer blocks, a title and three lines, may be found in that of others. */
const FEWEST = 50;

/** How one slide shows at two sizes. */
export interface Resized {
  /** The second view shows more of it, or shows it larger. */
  readonly isBetter: boolean;
}

interface ResizedOptions {
  readonly grid: Grid;
  readonly grain: Grain;
  readonly isSame: (comparison: Comparison) => boolean;
}

/**
 * Whether the second view shows what the first does at another size: beside the speaker or those of a meeting, or a part
 * of it enlarged. Undefined where it does not.
 * @param isSame judges the two, the first before the second, both at the smaller size
 */
export function resizedFrom(
  first: View,
  second: View,
  { grid, grain, isSame }: ResizedOptions,
): Resized | undefined {
  // At another size nothing lies where it lay to the pixel.
  const loose = { ...grain, shaky: true };
  const shrunk = match(first, second, grid, (inner) => compare(inner, second, grid, loose));
  if (shrunk && isSame(shrunk.comparison)) {
    const hasMore = sizeOf(shrunk.comparison.added) > MORE;
    return { isBetter: hasMore || showsMore(second, shrunk.inset, grid, grain) };
  }
  const grown = match(second, first, grid, (inner) => compare(first, inner, grid, loose));
  if (grown && isSame(grown.comparison)) return { isBetter: !showsMore(first, grown.inset, grid, grain) };
  return undefined;
}

function match(
  inner: View,
  outer: View,
  grid: Grid,
  compared: (inner: View) => Comparison,
): { inset: Inset; comparison: Comparison } | undefined {
  const inset = findInset(inner, outer, grid);
  if (!inset) return undefined;
  const comparison = compared(withInset(inner, outer, inset, grid));
  return comparison.before < FEWEST ? undefined : { inset, comparison };
}

/** Whether the outer picture shows more of the slide than the inset: not only people. */
function showsMore(outer: View, inset: Inset, grid: Grid, grain: Grain): boolean {
  const under = blocksUnder(inset, grid);
  const inside = inkBlocks(
    without(
      outer,
      under.map((one) => 1 - one),
    ),
    grid,
    grain,
  );
  const beside = inkBlocks(without(outer, widen(under, grid)), grid, grain);
  return sizeOf(outer.lively) === 0 && beside > BESIDE * inside;
}

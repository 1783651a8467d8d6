/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { leastShare, widest } from './comparison.ts';
import { BLOCK_HEIGHT, BLOCK_WIDTH, type BlockSet, blocksOf, type Grid } from './grid.ts';
import { CHANGE_EVERY } from './motion.ts';
import { type Grain, LEAST_PIXELS, leastInk, type PackedView, type View } from './view.ts';

const { abs, max } = Math;

/**
 * Two bits a pixel of a view. They tell of most pairs of slides that one shows what the other lacks, in a hundredth of
 * the time that a comparison takes, and never of a pair of which a comparison would not.
 */
export interface Sketch {
  readonly calm: BlockSet;
  readonly background: Uint8Array;
  /** Pixels of content in each block, at most. */
  readonly ink: Uint16Array;
  /** Pixels that no comparison takes for faint ones, and those that none takes for empty; `WORDS` numbers a block. */
  readonly strong: Int32Array;
  readonly inked: Int32Array;
  /** How many are strong in each block. */
  readonly strokes: Uint8Array;
  /** Those near an inked one count as inked, too: what a shaky camera shows may be beside where it was. */
  readonly isWide: boolean;
  /** Of the pixels that tell how much brighter a picture is, those that show their background. */
  readonly plain: Int32Array;
}

/** A bit for each pixel of a block, two rows a number. */
const WORDS = (BLOCK_WIDTH * BLOCK_HEIGHT) / 32;
/** A pixel of so much contrast is a clear one whatever is beside it: a quarter of the highest contrast is less. */
const STRONG = 64;
/** And below this one it is gone: less than 0.3 of that is left. */
const INKED = 20;
/** Within so many grey levels of the background a pixel shows it. */
const PLAIN = 4;

export function sketchOf(view: View, { ink }: PackedView, grid: Grid, grain: Grain): Sketch {
  const { width, height, columnOf, rowStart } = grid;
  const { contrast, calm, background } = view;
  const near = grain.shaky ? widest(contrast, grid) : contrast;
  const blocks = blocksOf(grid);
  const [strong, inked] = [new Int32Array(blocks * WORDS), new Int32Array(blocks * WORDS)];
  const [strokes, plain, samples] = [new Uint8Array(blocks), new Int32Array(blocks), new Uint8Array(blocks)];
  for (let y = 0, at = 0; y < height; y++) {
    const row = y % BLOCK_HEIGHT;
    const isInner = y > 0 && y < height - 1;
    for (let x = 0; x < width; x++, at++) {
      const block = rowStart[y]! + columnOf[x]!;
      if (at % CHANGE_EVERY === 0) {
        // Where there are more of them than bits, the last are left out.
        const sample = samples[block]!++;
        if (sample < 32 && contrast[at]! <= PLAIN) plain[block]! |= 1 << sample;
      }
      if (near[at]! < INKED) continue;
      const word = block * WORDS + (row >> 1);
      const bit = 1 << (((row & 1) << 4) | (x % BLOCK_WIDTH));
      inked[word]! |= bit;
      // A comparison doesn't look at the outermost ones.
      if (contrast[at]! < STRONG || !isInner || x === 0 || x === width - 1) continue;
      strong[word]! |= bit;
      strokes[block]!++;
    }
  }
  return { calm, background, ink, strong, inked, strokes, isWide: grain.shaky, plain };
}

/** What a comparison from one view to another would find. */
export interface Bound {
  /** Blocks that gained content, at least. */
  readonly added: number;
  /** Blocks with content in the second, at most. */
  readonly after: number;
}

/** @param b the second view, and its grain */
export function boundOf(a: Sketch, b: Sketch, grid: Grid, grain: Grain): Bound {
  const least = leastInk(grain);
  const share = leastShare(grain);
  const shift = shiftBetween(a, b, grid);
  const canTell = shift !== undefined && least < STRONG && (a.isWide || !grain.shaky);
  let [added, after] = [0, 0];
  for (let block = 0; block < a.calm.length; block++) {
    if (a.calm[block] === 0 || b.calm[block] === 0) continue;
    const ink = b.ink[block]!;
    if (ink < LEAST_PIXELS) continue;
    after++;
    if (!canTell || b.strokes[block]! < LEAST_PIXELS) continue;
    // Apart from how much brighter all is, what was there and what is there now differ by at least this.
    const brighter = b.background[block]! - a.background[block]!;
    const differ = STRONG - (INKED - 1) - max(abs(brighter - shift.least), abs(brighter - shift.most));
    if (differ <= least) continue;
    let fresh = 0;
    for (let word = block * WORDS, end = word + WORDS; word < end; word++) {
      fresh += bitsIn(b.strong[word]! & ~a.inked[word]!);
    }
    if (fresh >= LEAST_PIXELS && fresh >= share * ink) added++;
  }
  return { added, after };
}

const histogram = new Uint32Array(511);

/** How much brighter the median pixel becomes, see {@link changeOf}, at least and at most; undefined where too few tell. */
function shiftBetween(a: Sketch, b: Sketch, { width, height }: Grid): { least: number; most: number } | undefined {
  const all = Math.ceil((width * height) / CHANGE_EVERY);
  histogram.fill(0);
  let known = 0;
  for (let block = 0; block < a.plain.length; block++) {
    const both = bitsIn(a.plain[block]! & b.plain[block]!);
    histogram[b.background[block]! - a.background[block]! + 255]! += both;
    known += both;
  }
  const others = all - known;
  if (2 * others >= all) return undefined;
  // Each of the others may be darker than all of them, or brighter.
  const [least, most] = [reaching(all / 2 - others), reaching(all / 2)];
  return { least: least - 2 * PLAIN, most: most + 2 * PLAIN };
}

/** The change up to which so many pixels change. */
function reaching(wanted: number): number {
  let sum = 0;
  for (let value = 0; value < histogram.length; value++) {
    sum += histogram[value]!;
    if (sum >= wanted) return value - 255;
  }
  return 255;
}

function bitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

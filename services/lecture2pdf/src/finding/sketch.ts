/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { leastShare, widest } from './comparison.ts';
import { BLOCK_HEIGHT, BLOCK_WIDTH, blocksOf, type Grid } from './grid.ts';
import { CHANGE_EVERY } from './motion.ts';
import { type Grain, LEAST_PIXELS, leastInk, type PackedView, type View } from './view.ts';

const { abs, max } = Math;

/**
 * A bit for each pixel of a view that is kept. With {@link Strokes} it tells of most pairs of slides that one shows what
 * the other lacks, in a hundredth of the time that a comparison takes; never of a pair of which a comparison would not.
 */
export interface Sketch {
  /** Where the bits of each block begin; `NONE` where there is no content. */
  readonly places: Uint16Array;
  /** What no comparison takes for empty: `WORDS` numbers a block. */
  readonly inked: Int32Array;
  /** What is near content counts as such, too: what a shaky camera shows may be beside where it was. */
  readonly isWide: boolean;
  readonly plain: Int32Array;
}

/** The same of a view that is looked for among those that are kept. */
export interface Strokes {
  /** What every comparison takes for content. */
  readonly strong: Int32Array;
  /** How many there are in each block. */
  readonly counts: Uint8Array;
  /** Of the pixels that tell how much brighter a picture is, those that show their background. */
  readonly plain: Int32Array;
}

/** A bit for each pixel of a block, two rows a number. */
const WORDS = (BLOCK_WIDTH * BLOCK_HEIGHT) / 32;
const NONE = 0xffff;
/** A pixel of so much contrast is a clear one whatever is beside it: a quarter of the highest contrast is less. */
const STRONG = 64;
/** And below this one it is gone: less than 0.3 of that is left. */
const INKED = 20;
/** Within so many grey levels of the background a pixel shows it. */
const PLAIN = 4;

export function sketchOf({ contrast }: View, grid: Grid, { shaky }: Grain): Sketch {
  const bits = bitsOf(shaky ? widest(contrast, grid) : contrast, INKED, grid);
  const places = new Uint16Array(blocksOf(grid)).fill(NONE);
  let end = 0;
  for (let block = 0; block < places.length; block++) {
    const from = block * WORDS;
    if (bits.subarray(from, from + WORDS).every((word) => word === 0)) continue;
    bits.copyWithin(end, from, from + WORDS);
    places[block] = end;
    end += WORDS;
  }
  return { places, inked: bits.slice(0, end), isWide: shaky, plain: plainOf(contrast, grid) };
}

export function strokesOf({ contrast }: View, grid: Grid): Strokes {
  const strong = bitsOf(contrast, STRONG, grid);
  const counts = new Uint8Array(blocksOf(grid));
  for (let block = 0, word = 0; block < counts.length; block++) {
    for (const end = word + WORDS; word < end; word++) counts[block]! += bitsIn(strong[word]!);
  }
  return { strong, counts, plain: plainOf(contrast, grid) };
}

/** The inner pixels of so much contrast. A comparison doesn't look at the outermost ones. */
function bitsOf(contrast: Uint8Array, least: number, grid: Grid): Int32Array {
  const { width, height, columnOf, rowStart } = grid;
  const bits = new Int32Array(blocksOf(grid) * WORDS);
  for (let y = 1; y < height - 1; y++) {
    const row = y % BLOCK_HEIGHT;
    for (let x = 1, at = y * width + 1; x < width - 1; x++, at++) {
      if (contrast[at]! < least) continue;
      const word = (rowStart[y]! + columnOf[x]!) * WORDS + (row >> 1);
      bits[word]! |= 1 << (((row & 1) << 4) | (x % BLOCK_WIDTH));
    }
  }
  return bits;
}

function plainOf(contrast: Uint8Array, { width, columnOf, rowStart, rows, columns }: Grid): Int32Array {
  const plain = new Int32Array(rows * columns);
  const counts = new Uint8Array(plain.length);
  for (let at = 0; at < contrast.length; at += CHANGE_EVERY) {
    const block = rowStart[Math.floor(at / width)]! + columnOf[at % width]!;
    // Where there are more of them than bits, the last are left out.
    const bit = counts[block]!++;
    if (bit < 32 && contrast[at]! <= PLAIN) plain[block]! |= 1 << bit;
  }
  return plain;
}

/** What a comparison from one view to another would find. */
export interface Bound {
  /** Blocks that gained content, at least. */
  readonly added: number;
  /** Blocks with content in the second, at most. */
  readonly after: number;
}

export interface Sketched {
  readonly packed: PackedView;
  readonly sketch: Sketch;
}

/** @param b the second view, whose grain it is */
export function boundOf(
  { packed: a, sketch }: Sketched,
  { packed: b, strokes, grain }: { packed: PackedView; strokes: Strokes; grain: Grain },
  grid: Grid,
): Bound {
  const least = leastInk(grain);
  const share = leastShare(grain);
  const shift = shiftBetween(a, b, [sketch.plain, strokes.plain], grid);
  const canTell = shift !== undefined && least < STRONG && (sketch.isWide || !grain.shaky);
  let [added, after] = [0, 0];
  for (let block = 0; block < a.calm.length; block++) {
    if (a.calm[block] === 0 || b.calm[block] === 0) continue;
    const ink = b.ink[block]!;
    if (ink < LEAST_PIXELS) continue;
    after++;
    let fresh = strokes.counts[block]!;
    if (!canTell || fresh < LEAST_PIXELS || fresh < share * ink) continue;
    // Apart from how much brighter all is, what was there and what is there now differ by at least this.
    const brighter = b.background[block]! - a.background[block]!;
    const differ = STRONG - (INKED - 1) - max(abs(brighter - shift.least), abs(brighter - shift.most));
    if (differ <= least) continue;
    const place = sketch.places[block]!;
    if (place !== NONE) {
      for (let word = 0, from = block * WORDS; word < WORDS; word++) {
        fresh -= bitsIn(strokes.strong[from + word]! & sketch.inked[place + word]!);
      }
    }
    if (fresh >= LEAST_PIXELS && fresh >= share * ink) added++;
  }
  return { added, after };
}

const histogram = new Uint32Array(511);

/** How much brighter the median pixel becomes, see {@link changeOf}, at least and at most; undefined where too few tell. */
function shiftBetween(
  a: PackedView,
  b: PackedView,
  [plainA, plainB]: readonly [Int32Array, Int32Array],
  { width, height }: Grid,
): { least: number; most: number } | undefined {
  const all = Math.ceil((width * height) / CHANGE_EVERY);
  histogram.fill(0);
  let known = 0;
  for (let block = 0; block < plainA.length; block++) {
    const both = bitsIn(plainA[block]! & plainB[block]!);
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

/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { leastShare, widest } from './comparison.ts';
import { BLOCK_HEIGHT, BLOCK_WIDTH, blocksOf, type Grid } from './grid.ts';
import { CHANGE_EVERY, changeOf } from './motion.ts';
import type { Keep } from './shelf.ts';
import { type Grain, LEAST_PIXELS, leastInk, type PackedView, unpack, type View } from './view.ts';

const { abs, max } = Math;

/**
 * Two bits for each pixel of a view that is kept. With {@link Strokes} they tell of most pairs of slides that one shows
 * what the other lacks, in a hundredth of the time that a comparison takes; never of a pair of which a comparison would
 * not.
 */
export interface Sketch {
  /** What no comparison takes for empty. */
  readonly inked: Bits;
  /** What every comparison takes for content, however strong the other view's is; at the same places. */
  readonly bold: Int32Array;
  /** Of the pixels that tell how much brighter a picture is, those that show their background. */
  readonly plain: Int32Array;
  /** What is inked or beside it: what a shaky camera shows may be beside where it was. Made where one comes. */
  wide?: Bits;
}

/** Of the blocks that have any. */
interface Bits {
  /** Where the bits of each block begin; `NONE` where there are none. */
  readonly places: Uint16Array;
  /** `WORDS` numbers a block. */
  readonly words: Int32Array;
}

/** The same of a view that is looked for among those that are kept. */
export interface Strokes {
  readonly inked: Int32Array;
  /** What every comparison takes for content. */
  readonly strong: Int32Array;
  /** How many there are in each block. */
  readonly counts: Uint8Array;
  readonly plain: Int32Array;
}

/** A bit for each pixel of a block, two rows a number. */
const WORDS = (BLOCK_WIDTH * BLOCK_HEIGHT) / 32;
const NONE = 0xffff;
/** From this contrast on a pixel may be content. One below it is gone where one of `STRONG` was: less than 0.3 is left. */
const INKED = 21;
/** A pixel of so much contrast is a clear one whatever is beside it: a quarter of the highest contrast is less. */
const STRONG = 67;
/** What is left of it is enough of anything: more than 0.3 of the highest contrast. */
const BOLD = 77;
/** Within so many grey levels of the background a pixel shows it. */
const PLAIN = 8;

export function sketchOf({ contrast }: View, grid: Grid, keep: Keep): Sketch {
  const inked = sparse(bitsOf(contrast, INKED, grid));
  const all = bitsOf(contrast, BOLD, grid);
  const bold = new Int32Array(inked.words.length);
  for (const [block, place] of inked.places.entries()) {
    if (place !== NONE) bold.set(all.subarray(block * WORDS, (block + 1) * WORDS), place);
  }
  return {
    inked: { places: keep(inked.places), words: keep(inked.words) },
    bold: keep(bold),
    plain: keep(plainOf(contrast, grid)),
  };
}

function sparse(bits: Int32Array): Bits {
  const places = new Uint16Array(bits.length / WORDS).fill(NONE);
  let end = 0;
  for (let block = 0; block < places.length; block++) {
    const from = block * WORDS;
    if (bits.subarray(from, from + WORDS).every((word) => word === 0)) continue;
    bits.copyWithin(end, from, from + WORDS);
    places[block] = end;
    end += WORDS;
  }
  return { places, words: bits.slice(0, end) };
}

function wideOf({ packed }: Sketched, grid: Grid): Bits {
  return sparse(bitsOf(widest(unpack(packed, grid).contrast, grid), INKED, grid));
}

export function strokesOf({ contrast }: View, grid: Grid, { shaky }: Grain): Strokes {
  const inked = bitsOf(shaky ? widest(contrast, grid) : contrast, INKED, grid);
  const strong = bitsOf(contrast, STRONG, grid);
  const counts = new Uint8Array(blocksOf(grid));
  for (let block = 0, word = 0; block < counts.length; block++) {
    for (const end = word + WORDS; word < end; word++) counts[block]! += bitsIn(strong[word]!);
  }
  return { inked, strong, counts, plain: plainOf(contrast, grid) };
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
  /** Blocks with content in the first, and in the second, at most. */
  readonly before: number;
  readonly after: number;
  /** Blocks that lost content, and that gained some, at least. */
  readonly lost: number;
  readonly added: number;
}

export interface Sketched {
  readonly packed: PackedView;
  readonly sketch: Sketch;
}

/** What is looked for, and the grain that it is compared with. */
export interface Looked {
  readonly view: View;
  readonly packed: PackedView;
  readonly strokes: Strokes;
  readonly grain: Grain;
}

/** @param a the first view @param b the second */
export function boundOf(a: Sketched, b: Looked, grid: Grid): Bound {
  const least = leastInk(b.grain);
  const { shaky } = b.grain;
  const share = leastShare(b.grain);
  const { sketch } = a;
  const { strokes } = b;
  const shift = shiftBetween(a, b, grid);
  const isKnown = least < STRONG;
  const inkedBefore = isKnown && shaky ? (sketch.wide ??= wideOf(a, grid)) : sketch.inked;
  const mayGain = new Uint8Array(a.packed.calm.length);
  const loses = new Uint8Array(a.packed.calm.length);
  let [before, after, added] = [0, 0, 0];
  for (let block = 0; block < mayGain.length; block++) {
    if (a.packed.calm[block] === 0 || b.packed.calm[block] === 0) continue;
    const [inkBefore, inkAfter] = [a.packed.ink[block]!, b.packed.ink[block]!];
    if (inkBefore >= LEAST_PIXELS) before++;
    if (inkAfter >= LEAST_PIXELS) after++;
    if (!isKnown || inkBefore + inkAfter === 0) continue;
    // Apart from how much brighter all is, an empty pixel and a strong one differ by at least this.
    const brighter = b.packed.background[block]! - a.packed.background[block]!;
    const differ = 1 - INKED - max(abs(brighter - shift.least), abs(brighter - shift.most));
    const [place, boldPlace] = [inkedBefore.places[block]!, sketch.inked.places[block]!];
    let [gone, fresh, perhaps] = [0, 0, 0];
    for (let word = 0, from = block * WORDS; word < WORDS; word++) {
      const inked = place === NONE ? 0 : inkedBefore.words[place + word]!;
      const bold = boldPlace === NONE ? 0 : sketch.bold[boldPlace + word]!;
      const strong = strokes.strong[from + word]!;
      const inkedNow = strokes.inked[from + word]!;
      fresh += bitsIn(strong & ~inked);
      gone += bitsIn(bold & ~inkedNow);
      perhaps |= (inkedNow | strong) & ~bold & ~(inked & ~strong);
    }
    if (perhaps !== 0) mayGain[block] = 1;
    if (STRONG + differ > least && fresh >= LEAST_PIXELS && fresh >= share * inkAfter) added++;
    if (BOLD + differ > least && gone >= LEAST_PIXELS && gone >= share * inkBefore) loses[block] = 1;
  }
  return { before, after, lost: lostIn(loses, mayGain, grid), added };
}

/** What is drawn over is not lost: only blocks count that nothing new can be told together with. */
function lostIn(loses: Uint8Array, mayGain: Uint8Array, { columns }: Grid): number {
  let lost = 0;
  for (let block = 0; block < loses.length; block++) {
    if (loses[block] === 0) continue;
    const column = block % columns;
    const [from, to] = [block - Math.min(2, column), block + Math.min(2, columns - 1 - column)];
    let isApart = true;
    for (let near = from; near <= to; near++) if (mayGain[near] === 1) isApart = false;
    if (isApart) lost++;
  }
  return lost;
}

const histogram = new Uint32Array(511);

/** How much brighter the median pixel becomes, see {@link changeOf}, at least and at most. */
function shiftBetween(a: Sketched, b: Looked, grid: Grid): { least: number; most: number } {
  const { width, height } = grid;
  const [plainA, plainB] = [a.sketch.plain, b.strokes.plain];
  const all = Math.ceil((width * height) / CHANGE_EVERY);
  histogram.fill(0);
  let known = 0;
  for (let block = 0; block < plainA.length; block++) {
    const both = bitsIn(plainA[block]! & plainB[block]!);
    histogram[b.packed.background[block]! - a.packed.background[block]! + 255]! += both;
    known += both;
  }
  const others = all - known;
  if (2 * others >= all) {
    // Too few of them tell.
    const { shift } = changeOf(b.view.picture, unpack(a.packed, grid).picture);
    return { least: shift, most: shift };
  }
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

/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { type BlockSet, blocksOf, type Grid, sizeOf, wordsOf } from './grid.ts';

const { abs, max, min } = Math;

/** What moves from one frame to the next. */
export interface Motion {
  readonly blocks: BlockSet;
  /** Standard deviation, between two frames, of a pixel that shows the same; in grey levels. */
  readonly noise: number;
  /** How much of the time, of late, the camera was not still: 0 to 1. */
  readonly shake: number;
}

/** A block moves when more than this share of its pixels changes. */
const CHANGED_SHARE = 0.02;
/** A change that is seen, in grey levels of 256, where the video has no noise of its own; else so many times its noise. */
const LEAST_CHANGE = 18;
const NOISE_FACTOR = 5;
/** A camera that is not still moves more than this share of the blocks, and less of that when a pixel is allowed for. */
const SHAKE_SHARE = 0.12;
const SHAKE_LEFT = 0.4;
/** How much of the noise and the shaking is remembered from frame to frame. */
const MEMORY = 0.9;

/**
 * Compares each frame with the one before it. A change of all pixels alike, as a lamp or a camera's exposure makes it,
 * is none; neither is one that a camera makes which moves by less than a pixel of the analysed frames.
 */
export function createMotionMeter(grid: Grid) {
  const { width, height, columnOf, rowStart } = grid;
  const pixels = width * height;
  const blockOf = new Uint16Array(pixels);
  const sizes = new Uint16Array(blocksOf(grid));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) sizes[(blockOf[at] = rowStart[y]! + columnOf[x]!)]!++;
  }
  const counts = new Uint16Array(sizes.length);
  let noise: number | undefined;
  let shake = 0;

  /**
   * Blocks with enough pixels that have become darker or brighter than is allowed for.
   * @param isAllowed what a pixel may show besides, asked of those alone
   */
  const movedBeyond = (
    frame: Uint8Array,
    before: Uint8Array,
    [down, up]: [number, number],
    isAllowed?: (at: number, value: number) => boolean,
  ) => {
    counts.fill(0);
    // Four pixels at a time: in most videos, most stay just as they are.
    const [now, then] = [wordsOf(frame), wordsOf(before)];
    const isSameAllowed = down <= 0 && up >= 0;
    for (let word = 0; word < now.length; word++) {
      if (isSameAllowed && now[word] === then[word]) continue;
      for (let at = 4 * word; at < 4 * word + 4; at++) {
        const value = frame[at]!;
        const change = value - before[at]!;
        if (change >= down && change <= up) continue;
        if (isAllowed?.(at, value) !== true) counts[blockOf[at]!]!++;
      }
    }
    const moved = new Uint8Array(counts.length);
    for (let block = 0; block < counts.length; block++) {
      if (counts[block]! > CHANGED_SHARE * sizes[block]!) moved[block] = 1;
    }
    return moved;
  };

  /** @param isHeld by a hand: what was brought back to where it was lies there to a part of a pixel */
  return (frame: Uint8Array, before: Uint8Array, isHeld: boolean): Motion => {
    const { shift, deviation } = changeOf(frame, before);
    noise = noise === undefined ? deviation : min(deviation, 2 * noise + 1) * (1 - MEMORY) + noise * MEMORY;
    const least = max(LEAST_CHANGE, NOISE_FACTOR * deviation);
    const [down, up] = [shift - least, shift + least];
    const isNear = (at: number, value: number) => isBetween(before, at, width, value - up, value - down);
    shake *= MEMORY;
    if (isHeld) return { blocks: movedBeyond(frame, before, [down, up], isNear), noise, shake };
    const moved = movedBeyond(frame, before, [down, up]);
    if (sizeOf(moved) < SHAKE_SHARE * moved.length) return { blocks: moved, noise, shake };
    const further = movedBeyond(frame, before, [down, up], isNear);
    if (sizeOf(further) >= SHAKE_LEFT * sizeOf(moved)) return { blocks: moved, noise, shake };
    shake += 1 - MEMORY;
    return { blocks: further, noise, shake };
  };
}

/** Whether something between two levels is among a pixel and its eight neighbours, or may be: both above and below. */
function isBetween(picture: Uint8Array, at: number, width: number, low: number, high: number): boolean {
  const last = picture.length - 1;
  let [darkest, brightest] = [255, 0];
  for (let row = at - width; row <= at + width; row += width) {
    for (let near = max(0, row - 1); near <= min(last, row + 1); near++) {
      const level = picture[near]!;
      if (level < darkest) darkest = level;
      if (level > brightest) brightest = level;
    }
  }
  return brightest >= low && darkest <= high;
}

/** One of so many pixels tells. */
export const CHANGE_EVERY = 7;

/** How much brighter the median pixel has become, and how far the median pixel is from that, as a standard deviation. */
export function changeOf(frame: Uint8Array, before: Uint8Array): { shift: number; deviation: number } {
  const histogram = new Uint32Array(511);
  let total = 0;
  for (let at = 0; at < frame.length; at += CHANGE_EVERY, total++)
    histogram[frame[at]! - before[at]! + 255]!++;
  const shift = medianIn(histogram, total) - 255;
  const distances = new Uint32Array(511);
  for (let value = 0; value < 511; value++) distances[abs(value - 255 - shift)]! += histogram[value]!;
  // A normal distribution's median distance is 1 / 1.4826 of its standard deviation.
  return { shift, deviation: medianIn(distances, total) * 1.4826 };
}

function medianIn(counts: Uint32Array, total: number): number {
  let sum = 0;
  for (let value = 0; value < counts.length; value++) {
    sum += counts[value]!;
    if (2 * sum >= total) return value;
  }
  return 0;
}

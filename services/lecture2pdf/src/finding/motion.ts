/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { type BlockSet, blocksOf, type Grid, sizeOf } from './grid.ts';

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
  const counts = new Uint16Array(blocksOf(grid));
  const sizes = new Uint16Array(blocksOf(grid));
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) sizes[rowStart[y]! + columnOf[x]!]!++;
  let noise: number | undefined;
  let shake = 0;

  /** Blocks with enough pixels outside of what is allowed for them. */
  const movedBeyond = (
    frame: Uint8Array,
    low: Uint8Array,
    high: Uint8Array,
    [down, up]: [number, number],
  ) => {
    counts.fill(0);
    for (let y = 0, at = 0; y < height; y++) {
      const start = rowStart[y]!;
      for (let x = 0; x < width; x++, at++) {
        const value = frame[at]!;
        if (value > high[at]! + up || value < low[at]! + down) counts[start + columnOf[x]!]!++;
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
    const allowed: [number, number] = [shift - least, shift + least];
    const moved = movedBeyond(frame, before, before, allowed);
    shake *= MEMORY;
    if (!isHeld && sizeOf(moved) < SHAKE_SHARE * moved.length) return { blocks: moved, noise, shake };
    const [low, high] = extremes(before, width, height);
    const further = movedBeyond(frame, low, high, allowed);
    if (isHeld) return { blocks: further, noise, shake };
    if (sizeOf(further) >= SHAKE_LEFT * sizeOf(moved)) return { blocks: moved, noise, shake };
    shake += 1 - MEMORY;
    return { blocks: further, noise, shake };
  };
}

/** How much brighter the median pixel has become, and how far the median pixel is from that, as a standard deviation. */
export function changeOf(frame: Uint8Array, before: Uint8Array): { shift: number; deviation: number } {
  const histogram = new Uint32Array(511);
  let total = 0;
  for (let at = 0; at < frame.length; at += 7, total++) histogram[frame[at]! - before[at]! + 255]!++;
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

/** For each pixel the darkest and the brightest of it and its eight neighbours. */
function extremes(picture: Uint8Array, width: number, height: number): [Uint8Array, Uint8Array] {
  const [rowLow, rowHigh] = [Uint8Array.from(picture), Uint8Array.from(picture)];
  for (let at = 1; at < picture.length - 1; at++) {
    rowLow[at] = min(picture[at - 1]!, picture[at]!, picture[at + 1]!);
    rowHigh[at] = max(picture[at - 1]!, picture[at]!, picture[at + 1]!);
  }
  const [low, high] = [Uint8Array.from(rowLow), Uint8Array.from(rowHigh)];
  for (let at = width; at < width * (height - 1); at++) {
    low[at] = min(rowLow[at - width]!, rowLow[at]!, rowLow[at + width]!);
    high[at] = max(rowHigh[at - width]!, rowHigh[at]!, rowHigh[at + width]!);
  }
  return [low, high];
}

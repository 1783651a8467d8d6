/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Contrasts, contrastsOf, contrastsOn, type CountedContrasts } from './contrast.ts';
import { type BlockSet, blocksOf, type Grid, sizeOf } from './grid.ts';
import type { Keep } from './shelf.ts';

const { abs, max } = Math;

/** What lasts in a stretch of the video: grey levels, without what passes, and what they tell. */
export interface View extends Contrasts {
  /** Blocks that count: nothing moved in them. */
  readonly calm: BlockSet;
  /** Blocks that hardly ever rested. */
  readonly lively: BlockSet;
}

/** What it takes to tell a change in a video. */
export interface Grain {
  /** See {@link Motion}. */
  readonly noise: number;
  /** True for a camera that is not quite still. */
  readonly shaky: boolean;
}

/** Pixels that a block must have of something. */
export const LEAST_PIXELS = 5;
const LEAST_INK = 20;
const NOISE_FACTOR = 3.5;

/** How far from its background a pixel of writing is, and how much one changes, at least; in grey levels. */
export const leastInk = ({ noise }: Grain): number => max(LEAST_INK, NOISE_FACTOR * noise);

export const viewOf = (picture: Uint8Array, calm: BlockSet, grid: Grid): View => ({
  ...contrastsOf(picture, grid),
  calm,
  lively: new Uint8Array(calm.length),
});

/** Makes views of one picture after the other. Most of a picture is as it was in the one before. */
export function createViewer(grid: Grid): (picture: Uint8Array, calm: BlockSet) => View {
  let contrasts: CountedContrasts | undefined;
  const lively = new Uint8Array(blocksOf(grid));
  return (picture, calm) => ({ ...(contrasts = contrastsOf(picture, grid, contrasts)), calm, lively });
}

/** A view that shows what either shows, and what both show as the first does. */
export function joined(view: View, other: View, grid: Grid): View {
  const fresh = view.calm.map((calm, block) => (calm === 0 && other.calm[block] === 1 ? 1 : 0));
  if (sizeOf(fresh) === 0) return view;
  const { width, height, columnOf, rowStart } = grid;
  const picture = view.picture.slice();
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (fresh[rowStart[y]! + columnOf[x]!] === 1) picture[at] = other.picture[at]!;
    }
  }
  return {
    ...contrastsOf(picture, grid, isCounted(view) ? view : undefined),
    calm: view.calm.map((calm, block) => calm | fresh[block]!),
    lively: view.lively,
  };
}

const isCounted = (view: Contrasts): view is CountedContrasts => 'counts' in view;

/** The view without some of its blocks. */
export function without(view: View, hidden: BlockSet): View {
  return { ...view, calm: view.calm.map((calm, block) => calm & (1 - hidden[block]!)) };
}

/** Calm blocks with writing, or other content, in them. */
export const inkBlocks = (view: View, grid: Grid, grain: Grain): number =>
  blocksWith(inkIn(view, grid, leastInk(grain)), view.calm);

/** The same of a view as it is kept. */
export const inkBlocksOf = (view: PackedView, grid: Grid, grain: Grain): number =>
  leastInk(grain) === LEAST_INK
    ? blocksWith(view.ink, view.calm)
    : inkBlocks(unpack(view, grid), grid, grain);

const blocksWith = (ink: Uint16Array, calm: BlockSet): number =>
  ink.reduce((sum, count, block) => sum + (calm[block] === 1 && count >= LEAST_PIXELS ? 1 : 0), 0);

/** A view as it is kept: a lecture of hours has hundreds. */
export interface PackedView {
  readonly calm: BlockSet;
  readonly lively: BlockSet;
  /** Pixels of content in each block. */
  readonly ink: Uint16Array;
  readonly background: Uint8Array;
  readonly packed: Uint8Array;
}

export function pack(view: View, grid: Grid, keep: Keep): PackedView {
  const { calm, lively, picture, background } = view;
  return {
    calm: keep(calm),
    lively: keep(lively),
    background: keep(background),
    ink: keep(inkIn(view, grid, LEAST_INK)),
    packed: keep<Uint8Array>(deflateRawSync(picture, { level: 1 })),
  };
}

/** What was unpacked last: one is compared with many. About 260 KB each. */
const unpacked = new Map<Uint8Array, Contrasts>();
const MOST_UNPACKED = 64;

/** Lets go of them. Whoever still needs one unpacks it again. */
export const forgetUnpacked = (): void => unpacked.clear();

export function unpack({ calm, lively, packed, background }: PackedView, grid: Grid): View {
  const known = unpacked.get(packed);
  unpacked.delete(packed);
  const whole = known ?? contrastsOn(new Uint8Array(inflateRawSync(packed)), background, grid);
  unpacked.set(packed, whole);
  const [oldest] = unpacked.keys();
  if (oldest && unpacked.size > MOST_UNPACKED) unpacked.delete(oldest);
  return { ...whole, calm, lively };
}

/** From this on, two views are surely of two slides. */
const UNLIKE = 0.6;

/** Asked before the pixels are. */
export const mayBeAlike = (a: PackedView, b: PackedView): boolean => unlikeness(a, b) <= UNLIKE;

/** Share of the content of both that is in other blocks. */
export function unlikeness(a: PackedView, b: PackedView): number {
  let [difference, all] = [0, 0];
  for (let block = 0; block < a.calm.length; block++) {
    if (a.calm[block] === 0 || b.calm[block] === 0) continue;
    const [one, other] = [a.ink[block]!, b.ink[block]!];
    difference += abs(one - other);
    all += max(one, other);
  }
  return all === 0 ? 0 : difference / all;
}

function inkIn({ contrast, calm }: View, grid: Grid, least: number): Uint16Array {
  const { width, height, columnOf, rowStart } = grid;
  const counts = new Uint16Array(calm.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) if (contrast[at]! > least) counts[rowStart[y]! + columnOf[x]!]!++;
  }
  return counts;
}

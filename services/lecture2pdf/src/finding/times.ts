import type { TimeRange } from '@mediaworks/contracts';
import { FRAME_RATE, type Shot, type Shots } from './shots.ts';
import type { Slide } from './slides.ts';
import { unlikeness } from './view.ts';

export interface SlideTimes {
  /** When it is shown, in seconds, in order. */
  readonly ranges: TimeRange[];
  /** A moment at which it is complete, in seconds. */
  readonly frameTime: number;
}

/** A video that begins or ends within so many frames of a shot begins or ends with it. */
const NEAR_END = 8;
/** A change that takes longer than this is not one transition; in seconds. */
const LONGEST_TRANSITION = 2.5;
/** Part of the most movement of a change that belongs to it. */
const CHANGE_SHARE = 0.3;
/** How long before its end a slide is pictured, in frames, and as a share of its last shot. */
const BEFORE_END = 4;
const SHARE_BEFORE_END = 0.4;
/** A small change fades in unseen for about so many frames before the middle of it. */
const LEAST_BEFORE_CHANGE = 1;
/** Shots that differ by less than this share of their content may have changed so many frames before it is seen. */
const FEW = 0.1;
const UNSEEN = 4;

/** @param duration of the video, in seconds */
export function timesOf(
  { shots, pictured }: Slide,
  { shots: all, moved }: Shots,
  duration: number,
): SlideTimes {
  const ranges: TimeRange[] = [];
  let last = -2;
  for (const shot of shots) {
    const place = placeOf(shot, all);
    const [before, after] = [all[place - 1], all[place + 1]];
    const end = endOf(shot, after, moved, duration);
    const range = ranges.at(-1);
    if (range && place === last + 1) range.end = end;
    else ranges.push({ start: startOf(shot, before, moved), end });
    last = place;
  }
  const next = all[placeOf(pictured, all) + 1];
  return { ranges, frameTime: momentIn(pictured, endOf(pictured, next, moved, duration)) };
}

/** Its place among the shots, which are in order. */
function placeOf({ from }: Shot, shots: readonly Shot[]): number {
  let [low, high] = [0, shots.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shots[middle]?.from ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** When a shot that ends then shows all of its slide. */
function momentIn(final: Shot, end: number): number {
  const length = final.to - final.from;
  const before = Math.min(final.to, end * FRAME_RATE - LEAST_BEFORE_CHANGE);
  return Math.max(final.from, before - Math.min(BEFORE_END, SHARE_BEFORE_END * length)) / FRAME_RATE;
}

function startOf(shot: Shot, before: Shot | undefined, moved: readonly number[]): number {
  if (!before && shot.from <= NEAR_END) return 0;
  return sideOf(changeBetween(moved, before ? lastOf(before, shot) : 0, shot.from + 2), 'last');
}

function endOf(shot: Shot, after: Shot | undefined, moved: readonly number[], duration: number): number {
  if (!after && moved.length - shot.to <= NEAR_END) return duration;
  const [from, to] = after ? [lastOf(shot, after), after.from + 2] : [shot.to, moved.length - 1];
  return sideOf(changeBetween(moved, from, to), 'first');
}

/** The frame up to which a shot surely lasts: a change of a few letters that fade is seen when it is over. */
function lastOf(shot: Shot, after: Shot): number {
  return unlikeness(shot.view, after.view) < FEW ? Math.max(shot.from, shot.to - UNSEEN) : shot.to;
}

interface Change {
  /** Seconds. */
  readonly first: number;
  readonly last: number;
  readonly middle: number;
}

const sideOf = (change: Change, side: 'first' | 'last'): number =>
  change.last - change.first <= LONGEST_TRANSITION ? change.middle : change[side];

/** When, between two frames, most of the picture changes. */
function changeBetween(moved: readonly number[], from: number, to: number): Change {
  const shares = moved.slice(from + 1, to + 1);
  const least = CHANGE_SHARE * Math.max(0, ...shares);
  const changes = [...shares.entries()].filter(([, share]) => share > 0 && share >= least);
  // A change between two frames happened half a frame before the second.
  const time = (frame: number) => Math.max(0, (frame - 0.5) / FRAME_RATE);
  const [first, last] = [changes[0], changes.at(-1)];
  if (!first || !last) return { first: time(from), last: time(to), middle: time((from + to) / 2) };
  const weight = changes.reduce((sum, [, share]) => sum + share, 0);
  const middle = changes.reduce((sum, [index, share]) => sum + index * share, 0) / weight;
  const place = (index: number) => time(from + 1 + index);
  return { first: place(first[0]), last: place(last[0]), middle: place(middle) };
}

import { type GreyFrameOptions, mainVideo, readGreyFrames } from '@mediaworks/media';
import { type Grid, gridOf } from './grid.ts';
import { createShotFinder, FRAME_RATE } from './shots.ts';
import { groupSlides } from './slides.ts';
import { type SlideTimes, timesOf } from './times.ts';
import { inTurns } from './turns.ts';
import { forgetUnpacked } from './view.ts';

export interface FoundSlides {
  /** Seconds. */
  readonly duration: number;
  /** The file breaks off there, before the end that it announces. */
  readonly cutOff: boolean;
  /** By first appearance. */
  readonly slides: SlideTimes[];
}

/**
 * Finds the slides of a lecture: every distinct slide once, in its final state, whatever moves on it or before it. A
 * video in which no slide can be told has none.
 *
 * One decode, in parts where that was asked for, and four small grey frames a second. Stretches in which the picture
 * stands (shots) are told apart from what never stops moving in them; shots that only add to the one before are one
 * slide, and so are those that show again what was there before.
 * @throws PermanentError `no_video`, `no_frames` and what every run of ffmpeg may; TransientError; the signal's reason.
 */
export async function findSlides(path: string, options: GreyFrameOptions): Promise<FoundSlides> {
  const grid = gridOf(mainVideo(options.probe));
  const { found, count, cutOff } = await findShots(path, grid, options);
  const decoded = count / FRAME_RATE;
  // Sound may go on behind the last picture, which stays; a file that breaks off has neither.
  const duration = cutOff ? decoded : (options.probe.duration ?? decoded);
  const slides = await inTurns(groupSlides(found.shots, grid), options.signal).finally(forgetUnpacked);
  return { duration, cutOff, slides: slides.map((slide) => timesOf(slide, found, duration)) };
}

/** A function of its own: what it takes to find them, frames among it, is gone when they are grouped. */
async function findShots(path: string, grid: Grid, options: GreyFrameOptions) {
  const finder = createShotFinder(grid);
  const form = { width: grid.width, height: grid.height, rate: FRAME_RATE };
  const read = await readGreyFrames(path, form, finder.push, options);
  return { ...read, found: finder.end() };
}

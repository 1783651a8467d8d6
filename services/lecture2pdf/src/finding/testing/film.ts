import { gridOf } from '../grid.ts';
import { createShotFinder, FRAME_RATE } from '../shots.ts';
import { groupSlides } from '../slides.ts';
import { timesOf } from '../times.ts';
import type { Pausing } from '../turns.ts';

const { max, min } = Math;

export const grid = gridOf({ width: 1280, height: 720 });
const { width, height } = grid;

/** What is on the picture at a moment, in seconds. */
export type Scene = (seconds: number) => Paint[];
/** Draws into a frame. */
export type Paint = (frame: Uint8Array) => void;

const fill = (frame: Uint8Array, x: number, y: number, w: number, h: number, grey: number) => {
  for (let row = max(0, y); row < min(height, y + h); row++) {
    frame.fill(grey, row * width + max(0, x), row * width + min(width, x + w));
  }
};

/** A line of strokes as letters have them, from the left edge; other words have other strokes. All in pixels of 480. */
export const words =
  (text: string, y: number, { x = 40, grey = 30 } = {}): Paint =>
  (frame) => {
    [...text].forEach((letter, index) => {
      const code = letter.charCodeAt(0);
      const left = x + index * 8;
      if (letter === ' ') return;
      fill(frame, left, y, 2, 12, grey);
      for (const bit of [0, 1, 2, 3]) {
        if (((code >> bit) & 1) === 1) fill(frame, left, y + bit * 3, 6, 2, grey);
      }
      if (code % 3 !== 0) fill(frame, left + 5, y, 2, 12, grey);
    });
  };

export const box =
  (x: number, y: number, w: number, h: number, grey: number): Paint =>
  (frame) =>
    fill(frame, x, y, w, h, grey);

const CELL = 8;

/** A mouse's arrow. */
export const arrow =
  (x: number, y: number): Paint =>
  (frame) => {
    for (let row = 0; row < 16; row++) fill(frame, x, y + row, 1 + Math.floor(row * 0.6), 1, 10);
  };

/** Something that never stops moving: in each frame a third of its cells become another grey. */
export const restless =
  (x: number, y: number, w: number, h: number, seconds: number): Paint =>
  (frame) => {
    for (let row = y; row < y + h; row += CELL) {
      for (let column = x; column < x + w; column += CELL) {
        const cell = Math.imul(row * width + column, 0x9e3779b1) >>> 8;
        const turn = Math.floor((Math.round(seconds * FRAME_RATE) + cell) / 3);
        const grey = (Math.imul(turn ^ (turn >>> 7), 0x2c1b3c6d) >>> 24) % 200;
        fill(frame, column, row, min(CELL, x + w - column), min(CELL, y + h - row), grey);
      }
    }
  };

/** Moves all that is painted before it, as a hand moves the camera. */
export const held =
  (seconds: number, reach: number): Paint =>
  (frame) => {
    const sway = (speed: number) => Math.round(reach * Math.sin(seconds * speed));
    const seen = Uint8Array.from(frame);
    const [right, down] = [sway(1.9), sway(1.3)];
    for (let row = 0; row < height; row++) {
      const from = min(height - 1, max(0, row + down)) * width;
      for (let column = 0; column < width; column++) {
        frame[row * width + column] = seen[from + min(width - 1, max(0, column + right))] ?? 0;
      }
    }
  };

/** Shrinks all that is painted before it, to a place on a dark ground. */
export const shrunk =
  (scale: number, left: number, top: number): Paint =>
  (frame) => {
    const whole = Uint8Array.from(frame);
    frame.fill(40);
    const [w, h] = [Math.floor(width * scale), Math.floor(height * scale)];
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) frame[(top + y) * width + left + x] = meanAround(whole, x, y, scale);
    }
  };

/** Of the pixels that become one. */
function meanAround(whole: Uint8Array, x: number, y: number, scale: number): number {
  const taps = [0.125, 0.375, 0.625, 0.875];
  let sum = 0;
  for (const down of taps) {
    for (const right of taps) {
      sum += whole[Math.floor((y + down) / scale) * width + Math.floor((x + right) / scale)] ?? 0;
    }
  }
  return Math.round(sum / taps.length ** 2);
}

/** What the finder makes of a video of so many seconds that shows the scene. */
export function watch(seconds: number, scene: Scene) {
  const finder = createShotFinder(grid);
  for (let index = 0; index < seconds * FRAME_RATE; index++) {
    const frame = new Uint8Array(width * height).fill(240);
    for (const paint of scene(index / FRAME_RATE)) paint(frame);
    finder.push(frame);
  }
  const found = finder.end();
  return atOnce(groupSlides(found.shots, grid)).map((slide) => timesOf(slide, found, seconds));
}

/** Their ranges in whole seconds. */
export const rounded = (slides: ReturnType<typeof watch>) =>
  slides.map(({ ranges }) => ranges.map(({ start, end }) => [Math.round(start), Math.round(end)]));

function atOnce<T>(work: Pausing<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

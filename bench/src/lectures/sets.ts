/**
 * Thresholds are chosen on `train` and reported on `held-out`. They share the kinds of lecture and nothing else: themes,
 * fonts, layouts, words, seeds and the ranges that sizes and speeds are drawn from are each set's own.
 */
export const setNames = ['train', 'held-out'] as const;
export type SetName = (typeof setNames)[number];

export type Span = readonly [low: number, high: number];

/** Ranges that a set draws from. Lengths in seconds, sizes as shares of the picture's shorter side. */
export interface Ranges {
  readonly shown: Span;
  readonly buildEvery: Span;
  readonly fade: Span;
  readonly transition: Span;
  readonly head: Span;
  readonly pointer: Span;
  readonly crf: Span;
  readonly noise: Span;
  readonly jitter: Span;
  readonly rates: readonly number[];
  readonly sizes: readonly (readonly [width: number, height: number])[];
}

export const rangesOf: Record<SetName, Ranges> = {
  train: {
    shown: [4, 9],
    buildEvery: [1.2, 2.5],
    fade: [0.3, 0.6],
    transition: [0.4, 1],
    head: [0.22, 0.34],
    pointer: [0.012, 0.02],
    crf: [22, 30],
    noise: [2, 5],
    jitter: [0.5, 1.5],
    rates: [10, 15, 25, 30],
    sizes: [
      [640, 360],
      [854, 480],
      [1280, 720],
    ],
  },
  'held-out': {
    shown: [3.5, 12],
    buildEvery: [1, 3],
    fade: [0.25, 0.8],
    transition: [0.3, 1.3],
    head: [0.18, 0.4],
    pointer: [0.01, 0.026],
    crf: [20, 33],
    noise: [2, 6],
    jitter: [0.5, 2],
    rates: [12, 20, 24, 25, 30],
    sizes: [
      [640, 480],
      [768, 432],
      [960, 540],
      [1024, 768],
      [1280, 720],
    ],
  },
};

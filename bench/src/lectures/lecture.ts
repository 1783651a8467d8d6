import { black, blank, copyOf, mix, type Picture } from './picture.ts';
import { paintTransition, type Transition } from './transitions.ts';
import type { Truth } from './truth.ts';

/** Draws onto a frame what moves; `t` in seconds of the video. */
export type Paint = (frame: Picture, t: number) => void;

/** One step of a build: the whole picture from then on, faded in over `fade` seconds. */
export interface State {
  readonly from: number;
  readonly picture: Picture;
  readonly fade: number;
}

/** What is shown between two boundaries. */
export interface Scene {
  readonly start: number;
  readonly end: number;
  /** Into it, around its start. */
  readonly transition: Transition;
  readonly states: readonly State[];
  /** What moves in the slide itself: it takes part in the transitions. */
  readonly paint?: Paint | undefined;
}

export interface Encoding {
  readonly crf?: number;
  /** With all that makes H.264 small, as most uploads are. */
  readonly thorough?: boolean;
  /** Bits per second, instead of a quality. */
  readonly bitrate?: number;
  /** Frames in which nothing moves are left out, so that the distances between frames vary. */
  readonly variableRate?: boolean;
  /** Two frames become the fields of one. */
  readonly interlaced?: boolean;
  /** Degrees that a player is told to turn the picture by. */
  readonly rotate?: 0 | 90;
  /** The text of an .srt that becomes a text track. */
  readonly captions?: string;
}

export interface Lecture {
  /** Pixels of the encoded frames. */
  readonly width: number;
  readonly height: number;
  /** Frames a second, as ffmpeg reads it: `30000/1001`. */
  readonly rate: string;
  readonly scenes: readonly Scene[];
  /** What lies over all scenes: heads, pointers, captions. */
  readonly overlays: readonly Paint[];
  /** What the camera makes of it; may change the size. */
  readonly finish?: ((canvas: Picture, t: number) => Picture) | undefined;
  readonly encoding: Encoding;
  readonly truth: Truth;
  /** Final pictures by the names in the truth. */
  readonly finals: ReadonlyMap<string, Picture>;
}

export function rateOf(rate: string): number {
  const [count, per = '1'] = rate.split('/');
  return Number(count) / Number(per);
}

/** Every frame in turn. A frame is only good until the next one is asked for. */
export function* framesOf(lecture: Lecture): Generator<Picture> {
  const { scenes, overlays, finish } = lecture;
  const first = scenes[0]?.states[0]?.picture;
  if (first === undefined) throw new Error('A lecture without a picture');
  const canvas = blank(first.width, first.height);
  const [before, after] = [copyOf(canvas), copyOf(canvas)];
  const rate = rateOf(lecture.rate);
  const count = Math.round(lecture.truth.duration * rate);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const t = i / rate;
    while (t >= (scenes[at]?.end ?? Infinity) && at + 1 < scenes.length) at++;
    const [last, scene, next] = [scenes[at - 1], scenes[at], scenes[at + 1]];
    if (scene === undefined) throw new Error('No scene');
    let frame = canvas;
    if (last && t < scene.start + scene.transition.seconds / 2) {
      paintBetween(last, scene, t, before, after, canvas);
    } else if (next && t >= next.start - next.transition.seconds / 2) {
      paintBetween(scene, next, t, before, after, canvas);
    } else {
      const still = stillOf(scene, t);
      if (still !== undefined && scene.paint === undefined && overlays.length === 0) frame = still;
      else paintScene(scene, t, canvas);
    }
    for (const overlay of overlays) overlay(frame, t);
    yield finish === undefined ? frame : finish(frame, t);
  }
}

function paintBetween(
  from: Scene,
  to: Scene,
  t: number,
  before: Picture,
  after: Picture,
  into: Picture,
): void {
  const { seconds } = to.transition;
  paintScene(from, t, before);
  paintScene(to, t, after);
  paintTransition(to.transition, before, after, (t - to.start) / seconds + 0.5, into);
}

function paintScene(scene: Scene, t: number, into: Picture): void {
  const still = stillOf(scene, t);
  if (still !== undefined) into.data.set(still.data);
  else {
    const [last, state] = statesAt(scene, t);
    mix(
      last?.picture ?? blank(into.width, into.height, black),
      state.picture,
      (t - state.from) / state.fade,
      into,
    );
  }
  scene.paint?.(into, t);
}

/** The picture that shows as it is; undefined while one is faded in. */
function stillOf(scene: Scene, t: number): Picture | undefined {
  const [last, state] = statesAt(scene, t);
  if (last !== undefined && t < state.from + state.fade) return undefined;
  return state.picture;
}

function statesAt(scene: Scene, t: number): [last: State | undefined, state: State] {
  let at = 0;
  while (t >= (scene.states[at + 1]?.from ?? Infinity)) at++;
  const state = scene.states[at];
  if (state === undefined) throw new Error('A scene without a picture');
  return [scene.states[at - 1], state];
}

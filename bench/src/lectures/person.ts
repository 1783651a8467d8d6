import { blank, colourOf, paste, type Box, type Colour, type Picture } from './picture.ts';
import type { Paint } from './lecture.ts';
import type { Random } from './random.ts';

const skins = [
  colourOf(241, 194, 155),
  colourOf(198, 134, 96),
  colourOf(120, 78, 52),
  colourOf(255, 219, 190),
];
const shirts = [colourOf(40, 60, 110), colourOf(130, 40, 50), colourOf(60, 90, 60), colourOf(210, 210, 200)];
const NOISE_MASK = 0xffff;

/** Somebody who talks in front of a wall, in `box`: sways, nods, opens the mouth; the sensor's noise is over it. */
export function person(box: Box, random: Random, options: { wall?: boolean; round?: boolean } = {}): Paint {
  const { wall = true, round = false } = options;
  const backdrop = wall ? wallOf(box, random) : undefined;
  const [skin, shirt] = [random.pick(skins), random.pick(shirts)];
  const hair = colourOf(random.whole(10, 120), random.whole(10, 70), random.whole(5, 40));
  const swing = swayOf(random);
  const nod = swayOf(random);
  const lean = swayOf(random);
  const gesture = swayOf(random);
  const noise = noiseTable(random, random.between(1.5, 3.5));
  return (frame, t) => {
    const kept = round ? cornersOf(frame, box) : undefined;
    if (backdrop) paste(backdrop, { ...box, x: 0, y: 0 }, frame, box.x, box.y);
    const unit = Math.min(box.w, box.h);
    const cx = box.x + box.w / 2 + swing(t) * unit * 0.1;
    const cy = box.y + box.h * 0.42 + nod(t) * unit * 0.03;
    const inside = (x: number, y: number, rx: number, ry: number, colour: Colour) =>
      ellipse(frame, box, x, y, rx * unit, ry * unit, colour);
    inside(cx + lean(t) * unit * 0.05, box.y + box.h * 1.02, 0.42, 0.42, shirt);
    inside(
      cx + unit * (0.3 + gesture(t) * 0.12),
      box.y + box.h * (0.85 - 0.1 * gesture(t + 3)),
      0.06,
      0.08,
      skin,
    );
    inside(cx, cy + unit * 0.2, 0.08, 0.12, skin);
    inside(cx, cy - unit * 0.05, 0.18, 0.2, hair);
    inside(cx, cy, 0.16, 0.2, skin);
    const blink = Math.sin(t * 1.7) > 0.97 ? 0.004 : 0.014;
    for (const side of [-1, 1])
      inside(cx + side * unit * 0.06, cy - unit * 0.03, 0.018, blink, [30, 128, 128]);
    inside(
      cx,
      cy + unit * 0.1,
      0.05,
      0.008 + 0.022 * Math.abs(Math.sin(t * 9) * Math.sin(t * 1.3)),
      [50, 118, 160],
    );
    addNoise(frame, box, noise, t);
    kept?.();
  };
}

/** A slow movement between about -1 and 1 that does not repeat. */
export function swayOf(random: Random): (t: number) => number {
  const waves = [0.13, 0.31, 0.73].map((speed) => ({
    speed: speed * random.between(0.7, 1.4) * 2 * Math.PI,
    phase: random.between(0, 7),
  }));
  return (t) => waves.reduce((sum, { speed, phase }) => sum + Math.sin(t * speed + phase), 0) / 2.2;
}

function wallOf(box: Box, random: Random): Picture {
  const picture = blank(
    box.w,
    box.h,
    colourOf(random.whole(90, 200), random.whole(90, 190), random.whole(90, 190)),
  );
  const all = { ...box, x: 0, y: 0 };
  const books = random.chance(0.5);
  for (let i = 0; i < (books ? 40 : 4); i++) {
    const colour = colourOf(random.whole(30, 220), random.whole(30, 200), random.whole(30, 200));
    const [w, h] = books
      ? [0.03, random.between(0.15, 0.22)]
      : [random.between(0.1, 0.4), random.between(0.2, 0.5)];
    const x = random.next() * box.w;
    const y = books ? box.h * (0.25 * random.whole(0, 3) + 0.24 - h) : random.next() * box.h * 0.6;
    slab(picture, all, x, y, w * box.w, h * box.h, colour);
  }
  return picture;
}

function slab(picture: Picture, clip: Box, x: number, y: number, w: number, h: number, colour: Colour): void {
  for (let row = Math.floor(y); row < y + h; row++) span(picture, clip, row, x, x + w, colour);
}

export function ellipse(
  picture: Picture,
  clip: Box,
  cx: number,
  cy: number,
  rx: number,
  ry: number,
  colour: Colour,
): void {
  for (let row = Math.ceil(cy - ry); row <= cy + ry; row++) {
    const half = rx * Math.sqrt(Math.max(0, 1 - ((row - cy) / ry) ** 2));
    span(picture, clip, row, cx - half, cx + half, colour);
  }
}

/** One row of one colour, within `clip`. */
function span(
  { width, height, data }: Picture,
  clip: Box,
  row: number,
  from: number,
  to: number,
  [y, u, v]: Colour,
): void {
  const left = Math.max(clip.x, Math.round(from), 0);
  const right = Math.min(clip.x + clip.w, Math.round(to), width);
  if (row < Math.max(0, clip.y) || row >= Math.min(height, clip.y + clip.h) || right <= left) return;
  data.fill(y, row * width + left, row * width + right);
  if (row & 1) return;
  const luma = width * height;
  const chroma = (row >> 1) * (width >> 1);
  data.fill(u, luma + chroma + (left >> 1), luma + chroma + (right >> 1));
  data.fill(v, luma * 1.25 + chroma + (left >> 1), luma * 1.25 + chroma + (right >> 1));
}

/** Gaussian noise of that standard deviation. */
export function noiseTable(random: Random, deviation: number): Int8Array {
  const table = new Int8Array(NOISE_MASK + 1);
  for (let i = 0; i < table.length; i++) {
    const gauss = Math.sqrt(-2 * Math.log(random.next() + 1e-9)) * Math.cos(2 * Math.PI * random.next());
    table[i] = Math.max(-127, Math.min(127, Math.round(gauss * deviation)));
  }
  return table;
}

/** Where in the table the noise of a row begins: another place for each row and time. */
export const noiseStart = (row: number, t: number) =>
  Math.imul(row + 1, 7919) + Math.imul(Math.round(t * 1000) + 1, 104_729);

function addNoise({ width, height, data }: Picture, box: Box, noise: Int8Array, t: number): void {
  for (let row = Math.max(0, box.y); row < Math.min(height, box.y + box.h); row++) {
    let from = noiseStart(row, t);
    const end = row * width + Math.min(width, box.x + box.w);
    for (let i = row * width + Math.max(0, box.x); i < end; i++) {
      data[i] = Math.max(16, Math.min(235, (data[i] ?? 0) + (noise[from++ & NOISE_MASK] ?? 0)));
    }
  }
}

/** Remembers what lies outside the circle in the box, and puts it back when called. */
function cornersOf(frame: Picture, box: Box): () => void {
  const before = frame.data.slice();
  const { width, height, data } = frame;
  const luma = width * height;
  return () => {
    const [radius, cx, cy] = [Math.min(box.w, box.h) / 2, box.x + box.w / 2, box.y + box.h / 2];
    for (let y = box.y; y < box.y + box.h; y++) {
      for (let x = box.x; x < box.x + box.w; x++) {
        if ((x - cx) ** 2 + (y - cy) ** 2 <= radius * radius) continue;
        data[y * width + x] = before[y * width + x] ?? 0;
        const chroma = luma + (y >> 1) * (width >> 1) + (x >> 1);
        data[chroma] = before[chroma] ?? 0;
        data[chroma + luma / 4] = before[chroma + luma / 4] ?? 0;
      }
    }
  };
}

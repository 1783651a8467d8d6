import { noiseStart, noiseTable, swayOf } from './person.ts';
import { blank, colourOf, type Picture } from './picture.ts';
import type { Random } from './random.ts';
import { even } from './transitions.ts';

export interface RoomOptions {
  /** Standard deviation of the sensor's noise, in steps of 255. */
  readonly noise: number;
  /** How far a hand shakes the camera, in thousandths of the width; 0 is a tripod. */
  readonly jitter: number;
  /** Whether the camera sets its exposure by what it sees, under lamps that flicker. */
  readonly exposure: boolean;
}

export interface Room {
  /** What the camera sees of a slide on the screen, with room around it for the hand to shake. */
  readonly project: (slide: Picture) => Picture;
  /** What it records of it: shaken, noisy, flickering; good until the next call. */
  readonly record: (seen: Picture, t: number) => Picture;
  /** Pixels around what is recorded. */
  readonly margin: number;
}

type Corner = readonly [x: number, y: number];

/** A lecture hall filmed from a seat: the screen in perspective on a dim wall, vignetting, noise. */
export function room(width: number, height: number, options: RoomOptions, random: Random): Room {
  const reach = (width * options.jitter) / 1000;
  const margin = reach === 0 ? 0 : even(reach * 2 + 4);
  const [w, h] = [width + 2 * margin, height + 2 * margin];
  const near = () => random.between(0.05, 0.12);
  const corners: Corner[] = [
    [margin + width * near(), margin + height * near()],
    [margin + width * (1 - near()), margin + height * near()],
    [margin + width * (1 - near()), margin + height * (0.9 - near())],
    [margin + width * near(), margin + height * (0.9 - near())],
  ];
  const map = perspective(corners, w, h);
  const wall = wallOf(w, h, random);
  const glow = random.between(0.72, 0.88);
  const noise = noiseTable(random, options.noise);
  const flicker = swayOf(random);
  const [shakeX, shakeY] = [swayOf(random), swayOf(random)];
  const light = options.exposure ? createExposure(random) : undefined;
  const out = blank(width, height);
  const shifted = blank(width, height);
  return {
    margin,
    project: (slide) => warp(slide, wall, map, glow),
    record: (seen, t) => {
      if (margin === 0) shifted.data.set(seen.data);
      else shift(seen, margin + shakeX(t) * reach, margin + shakeY(t) * reach, shifted);
      // A projector's and a lamp's brightness wave against the camera's shutter.
      const gain = light ? light.gain(shifted, t) : 1;
      grain(shifted, out, noise, gain * (1 + 0.012 * flicker(t * 3)), t);
      light?.bands(out, t);
      return out;
    },
  };
}

/** Brightness that a camera settles at, how much of the way it goes, and how fast, in seconds. */
const EXPOSURE = { level: 100, strength: 0.6, seconds: 0.8 };

/** A camera that lets in more light when it sees less, a little late; and the dark bands of a lamp that is not in step with it. */
function createExposure(random: Random) {
  const [drift, depth] = [random.between(0.2, 0.9), random.between(0.01, 0.03)];
  let [gain, last] = [1, 0];
  return {
    gain: ({ width, height, data }: Picture, t: number): number => {
      let sum = 0;
      for (let at = 0; at < width * height; at += 16) sum += data[at] ?? 0;
      const wanted = Math.min(1.7, (EXPOSURE.level / (sum / ((width * height) / 16))) ** EXPOSURE.strength);
      gain = t === 0 ? wanted : gain + (wanted - gain) * (1 - Math.exp((last - t) / EXPOSURE.seconds));
      last = t;
      return gain;
    },
    bands: ({ width, height, data }: Picture, t: number): void => {
      for (let y = 0; y < height; y++) {
        const dim = 1 + depth * Math.sin(2 * Math.PI * (drift * t + (1.5 * y) / height));
        for (let at = y * width; at < (y + 1) * width; at++) data[at] = Math.min(235, (data[at] ?? 0) * dim);
      }
    },
  };
}

/** For each pixel of the room where on the slide it lies, from 0 to 1 each; negative beside it. */
function perspective(corners: readonly Corner[], w: number, h: number): Float32Array {
  const [a, b, c, d] = corners as [Corner, Corner, Corner, Corner];
  // Heckbert's square to quadrilateral, and its inverse by the adjoint.
  const [sx, sy] = [a[0] - b[0] + c[0] - d[0], a[1] - b[1] + c[1] - d[1]];
  const [dx1, dx2, dy1, dy2] = [b[0] - c[0], d[0] - c[0], b[1] - c[1], d[1] - c[1]];
  const scale = dx1 * dy2 - dx2 * dy1;
  const [g, i] = [(sx * dy2 - dx2 * sy) / scale, (dx1 * sy - sx * dy1) / scale];
  const [m00, m01, m02] = [b[0] - a[0] + g * b[0], d[0] - a[0] + i * d[0], a[0]];
  const [m10, m11, m12] = [b[1] - a[1] + g * b[1], d[1] - a[1] + i * d[1], a[1]];
  const map = new Float32Array(w * h * 2).fill(-1);
  for (let y = 0, at = 0; y < h; y++) {
    for (let x = 0; x < w; x++, at += 2) {
      const z = (m10 * i - m11 * g) * x + (m01 * g - m00 * i) * y + (m00 * m11 - m01 * m10);
      const u = ((m11 - m12 * i) * x + (m02 * i - m01) * y + (m01 * m12 - m02 * m11)) / z;
      const v = ((m12 * g - m10) * x + (m00 - m02 * g) * y + (m02 * m10 - m00 * m12)) / z;
      if (u < 0 || u >= 1 || v < 0 || v >= 1) continue;
      map[at] = u;
      map[at + 1] = v;
    }
  }
  return map;
}

function warp(slide: Picture, wall: Picture, map: Float32Array, glow: number): Picture {
  const { width, height } = wall;
  const seen = { ...wall, data: wall.data.slice() };
  const [luma, slideLuma] = [width * height, slide.width * slide.height];
  for (let i = 0; i < luma; i++) {
    const [u, v] = [map[2 * i] ?? -1, map[2 * i + 1] ?? -1];
    if (u < 0) continue;
    // A lens draws the middle brighter than the corners.
    const light = glow * (1 - 0.25 * ((u - 0.5) ** 2 + (v - 0.5) ** 2));
    const gray = sample(slide.data, 0, slide.width, slide.height, u, v);
    seen.data[i] = 26 + (gray - 16) * light;
    const [x, y] = [i % width, (i / width) | 0];
    if ((x | y) & 1) continue;
    const chroma = luma + (y >> 1) * (width >> 1) + (x >> 1);
    for (const plane of [0, 1]) {
      const colour = sample(slide.data, slideLuma * (1 + plane / 4), slide.width / 2, slide.height / 2, u, v);
      seen.data[chroma + (plane * luma) / 4] = 128 + (colour - 128) * light;
    }
  }
  return seen;
}

/** Bilinear. */
function sample(data: Uint8Array, start: number, w: number, h: number, u: number, v: number): number {
  const [x, y] = [Math.min(w - 1.001, u * w), Math.min(h - 1.001, v * h)];
  const [column, row] = [x | 0, y | 0];
  const [fx, fy] = [x - column, y - row];
  const at = start + row * w + column;
  const top = (data[at] ?? 0) * (1 - fx) + (data[at + 1] ?? 0) * fx;
  const bottom = (data[at + w] ?? 0) * (1 - fx) + (data[at + w + 1] ?? 0) * fx;
  return top * (1 - fy) + bottom * fy;
}

function wallOf(w: number, h: number, random: Random): Picture {
  const tone = random.between(35, 80);
  const wall = blank(w, h, colourOf(tone, tone * 0.95, tone * 0.9));
  const noise = noiseTable(random, 3);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const far = ((x / w - 0.5) ** 2 + (y / h - 0.4) ** 2) * 40;
      const seats = y > h * 0.9 ? -18 + 6 * Math.sin(x / (w / 60)) : 0;
      wall.data[y * w + x] = Math.max(
        16,
        (wall.data[y * w + x] ?? 0) - far + seats + (noise[(x * 7 + y * 131) & 0xffff] ?? 0),
      );
    }
  }
  return wall;
}

/** The part that begins at a place between pixels. */
function shift(from: Picture, left: number, top: number, into: Picture): void {
  const luma = from.width * from.height;
  shiftPlane(from.data, 0, from.width, left, top, into.data, 0, into.width, into.height);
  for (const plane of [0, 1]) {
    const [source, target] = [luma * (1 + plane / 4), into.width * into.height * (1 + plane / 4)];
    const [w, h] = [into.width / 2, into.height / 2];
    shiftPlane(from.data, source, from.width / 2, left / 2, top / 2, into.data, target, w, h);
  }
}

function shiftPlane(
  from: Uint8Array,
  source: number,
  stride: number,
  left: number,
  top: number,
  into: Uint8Array,
  target: number,
  w: number,
  h: number,
): void {
  const [column, row] = [Math.floor(left), Math.floor(top)];
  const [fx, fy] = [Math.round((left - column) * 16), Math.round((top - row) * 16)];
  for (let y = 0; y < h; y++) {
    let at = source + (row + y) * stride + column;
    let to = target + y * w;
    for (let x = 0; x < w; x++, at++, to++) {
      const upper = (from[at] ?? 0) * (16 - fx) + (from[at + 1] ?? 0) * fx;
      const lower = (from[at + stride] ?? 0) * (16 - fx) + (from[at + stride + 1] ?? 0) * fx;
      into[to] = (upper * (16 - fy) + lower * fy + 128) >> 8;
    }
  }
}

function grain(from: Picture, into: Picture, noise: Int8Array, gain: number, t: number): void {
  const { width, height } = from;
  const luma = width * height;
  into.data.set(from.data.subarray(luma), luma);
  const brightness = Uint8Array.from({ length: 256 }, (_, i) => Math.min(235, 16 + (i - 16) * gain));
  for (let row = 0; row < height; row++) {
    let at = noiseStart(row, t);
    for (let i = row * width; i < (row + 1) * width; i++) {
      const value = (brightness[from.data[i] ?? 0] ?? 0) + (noise[at++ & 0xffff] ?? 0);
      into.data[i] = value < 0 ? 0 : value;
    }
  }
}

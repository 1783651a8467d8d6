import { ALIGNED_SIDE } from './align.ts';

/** The part of an aligned face without hair and background, in pixels. */
const FROM = 28;
const TO = 96;
/**
 * What rounding to bytes adds to a pixel's grey: a twelfth in each colour. A first difference has that of two pixels, a
 * second one that of four and sixteen times that of the middle one. Very soft faces show little else.
 */
const ROUNDING = (0.299 ** 2 + 0.587 ** 2 + 0.114 ** 2) / 12;
const ROUNDED_FIRST = 4 * ROUNDING;
const ROUNDED_SECOND = 20 * ROUNDING;

/**
 * How much fine detail a face shows: the energy of its second differences as a share of that of its first. Contrast and
 * brightness do not matter; a softer picture has less, and so has a small face that was enlarged.
 * @param face as {@link alignFace} gives it
 * @returns 0 (one colour) to some 4 (nothing but noise)
 */
export function sharpnessOf(face: Uint8Array): number {
  const grey = new Float32Array(ALIGNED_SIDE * ALIGNED_SIDE);
  for (let y = FROM - 1; y <= TO; y++) {
    for (let pixel = y * ALIGNED_SIDE + FROM - 1; pixel <= y * ALIGNED_SIDE + TO; pixel++) {
      const at = pixel * 3;
      const [red, green, blue] = [face[at] as number, face[at + 1] as number, face[at + 2] as number];
      grey[pixel] = 0.299 * red + 0.587 * green + 0.114 * blue;
    }
  }
  const pixels = (TO - FROM) ** 2;
  let first = -ROUNDED_FIRST * pixels;
  let second = -ROUNDED_SECOND * pixels;
  for (let y = FROM; y < TO; y++) {
    for (let at = y * ALIGNED_SIDE + FROM; at < y * ALIGNED_SIDE + TO; at++) {
      const left = grey[at - 1] as number;
      const right = grey[at + 1] as number;
      const above = grey[at - ALIGNED_SIDE] as number;
      const below = grey[at + ALIGNED_SIDE] as number;
      const [across, down] = [right - left, below - above];
      const bend = left + right + above + below - 4 * (grey[at] as number);
      first += across * across + down * down;
      second += bend * bend;
    }
  }
  return first > 0 ? Math.max(0, second / first) : 0;
}

/**
 * How much of a photo's subject a face is: its share of the picture, less towards the edges. The square root keeps two
 * faces of a group from looking further apart than they are.
 * @returns 0–1
 */
export function prominenceOf(
  box: { readonly x: number; readonly y: number; readonly w: number; readonly h: number },
  photo: { readonly width: number; readonly height: number },
): number {
  const share = Math.sqrt((box.w * box.h) / (photo.width * photo.height));
  const [x, y] = [(box.x + box.w / 2) / photo.width - 0.5, (box.y + box.h / 2) / photo.height - 0.5];
  return Math.min(1, share * (1 - 0.5 * Math.min(1, Math.hypot(x, y) / 0.5)));
}

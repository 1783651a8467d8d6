import { ALIGNED_SIDE } from './align.ts';

/** The part of an aligned face without hair and background, in pixels. */
const FROM = 28;
const TO = 96;

/**
 * How much fine detail a face shows: the energy of its second differences as a share of that of its first. Contrast and
 * brightness do not matter; a softer picture has less, and so has a small face that was enlarged.
 * @param face as {@link alignFace} gives it
 * @returns 0 (one colour) to some 4 (nothing but noise)
 */
export function sharpnessOf(face: Float32Array): number {
  const grey = (x: number, y: number) => {
    const at = (y * ALIGNED_SIDE + x) * 3;
    return 0.299 * (face[at] ?? 0) + 0.587 * (face[at + 1] ?? 0) + 0.114 * (face[at + 2] ?? 0);
  };
  let [first, second] = [0, 0];
  for (let y = FROM; y < TO; y++) {
    for (let x = FROM; x < TO; x++) {
      const here = grey(x, y);
      const [left, right, above, below] = [grey(x - 1, y), grey(x + 1, y), grey(x, y - 1), grey(x, y + 1)];
      first += (right - left) ** 2 + (below - above) ** 2;
      second += (left + right + above + below - 4 * here) ** 2;
    }
  }
  return first > 0 ? second / first : 0;
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

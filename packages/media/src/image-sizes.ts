export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

const THUMBNAIL_SIDE = 150;
export const SMALL_SIDE = 320;
export const MEDIUM_SIDE = 640;
export const LARGE_SIDE = 1080;

/**
 * The size with its longer side at most `maxSide`, the aspect kept to the nearest pixel: never enlarged, and no
 * side under 1 however long and thin the picture is.
 */
export function fitWithin(size: PixelSize, maxSide: number): PixelSize {
  const factor = Math.min(1, maxSide / Math.max(size.width, size.height));
  const side = (pixels: number) => Math.max(1, Math.round(pixels * factor));
  return { width: side(size.width), height: side(size.height) };
}

/** The side of the square thumbnail: {@link THUMBNAIL_SIDE}, or the largest square of a smaller picture. */
export function thumbnailSide(size: PixelSize): number {
  return Math.min(THUMBNAIL_SIDE, size.width, size.height);
}

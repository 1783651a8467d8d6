/** What one picture may cost. Every field has a default in {@link defaultImageLimits}. */
export interface ImageLimits {
  /** Largest picture that is decoded, in pixels (width × height), by what its header says. */
  readonly pixels: number;
  /**
   * Most pixels over all frames of an animation (width × height × frames). One that has more is not animated in its
   * WebP: its first frame is shown.
   */
  readonly animationPixels: number;
  /** Most frames of an animation; one that has more is not animated either. */
  readonly animationFrames: number;
  /** Time of each step (decode, resize or encode), in ms; whole seconds are counted. */
  readonly timeoutMs: number;
}

export const defaultImageLimits: ImageLimits = {
  pixels: 100_000_000,
  // Ten seconds of 800 × 600 at 25 frames a second: some ten seconds of CPU.
  animationPixels: 120_000_000,
  animationFrames: 1_000,
  timeoutMs: 60_000,
};

/** The defaults with `overrides` over them. */
export function imageLimits(overrides: Partial<ImageLimits> = {}): ImageLimits {
  return { ...defaultImageLimits, ...overrides };
}

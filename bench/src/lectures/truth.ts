/** What a generated lecture shows, known because it was made so. Times in seconds. */
export interface Truth {
  readonly kind: string;
  readonly duration: number;
  readonly slides: readonly TrueSlide[];
}

export interface TrueSlide {
  readonly id: string;
  /** In order. A boundary lies in the middle of the transition. */
  readonly ranges: readonly TrueRange[];
  /** The slide with everything built and nothing in front, beside the truth file. */
  readonly final: string;
  /** It may be a page or none: the single still of a video that shows nothing else. */
  readonly optional?: boolean;
}

export interface TrueRange {
  readonly start: number;
  readonly end: number;
  /** From when to when the slide is complete and no transition runs; null where the range ends before it is complete. */
  readonly complete: { readonly from: number; readonly until: number } | null;
}

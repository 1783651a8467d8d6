/** One face of a photo. */
export interface Face {
  /** In pixels of the upright photo, inside of it. */
  readonly box: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  /** The eye and the corner of the mouth on the left of the picture, the nose, and those on the right: left eye, right eye, nose, left corner, right corner; pixels as the box. */
  readonly landmarks: readonly (readonly [x: number, y: number])[];
  /** How sure the detector is, 0–1. */
  readonly score: number;
  readonly quality: FaceQuality;
  /** Of length 1, so that a dot product is the cosine. Comparable with those of the same model alone. */
  readonly embedding: Float32Array;
}

export interface FaceQuality {
  /** How much fine detail the aligned face shows, whatever its contrast and size; see quality.ts. */
  readonly sharpness: number;
  /** The shorter side of the box, in pixels. */
  readonly size: number;
  /** True when the face is too soft to be enrolled. */
  readonly blurred: boolean;
  /** How much of the photo's subject it is: large and central faces come first. 0–1. */
  readonly prominence: number;
}

/** Milliseconds of each step. */
export interface StepTimes {
  readonly decode: number;
  readonly detect: number;
  readonly landmarks: number;
  readonly align: number;
  readonly embed: number;
}

export interface PhotoFaces {
  /** Of the upright photo, in pixels. */
  readonly width: number;
  readonly height: number;
  /** The most prominent first. */
  readonly faces: readonly Face[];
  readonly times: StepTimes;
}

/** What turns cosines into names and percentages; fitted to one embedder. See confidence.ts. */
export interface Calibration {
  /** Of the logistic curve. */
  readonly slope: number;
  /** Log odds that one more person in the gallery costs nothing: `cut(N) = max(floor, (offset + ln N) / slope)`. */
  readonly offset: number;
  /** The least cut, however small the gallery. */
  readonly floor: number;
}

export interface FaceEngine {
  /** What is stored with every embedding. */
  readonly modelId: string;
  /** Numbers of an embedding. */
  readonly dimensions: number;
  readonly calibration: Calibration;
  /**
   * Finds every face of a photo and describes it.
   * @param path of a local file
   * @throws PermanentError `empty_media`, `unsupported_media`, `corrupt_media`, `too_many_pixels`, `took_too_long`;
   * TransientError; or the signal's reason.
   */
  analyse(path: string, options: AnalyseOptions): Promise<PhotoFaces>;
  /** Ends what runs and frees the models. */
  close(): Promise<void>;
}

export interface AnalyseOptions {
  readonly signal: AbortSignal;
  /** Only so many of the most prominent faces are described; all by default. */
  readonly maxFaces?: number | undefined;
}

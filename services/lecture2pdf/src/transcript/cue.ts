import type { LectureManifest } from '@mediaworks/contracts';

/** Some words and when they are said. */
export interface Cue {
  /** Seconds from the beginning of the video, at least 0. */
  readonly start: number;
  /** Seconds; never before `start`, and possibly after the end of the video. */
  readonly end: number;
  /** Plain text without markup. Lines are separated by `\n`, trimmed and never empty. */
  readonly text: string;
}

/** Everything that is said, by start, and who says that it is. */
export type Transcript = LectureManifest['transcript'] & { readonly cues: readonly Cue[] };

/** What a subtitle file holds. */
export interface Subtitles {
  readonly cues: Cue[];
  /** BCP 47, where the file itself says it; else null. */
  readonly language: string | null;
}

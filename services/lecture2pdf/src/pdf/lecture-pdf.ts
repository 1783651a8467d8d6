import type { LectureLayout, TimeRange, TranscriptSource } from '@mediaworks/contracts';

/** What was said in a stretch of the video. */
export interface SpokenText {
  range: TimeRange;
  text: string;
}

/** A word that was read on a slide. */
export interface SlideWord {
  text: string;
  /** Pixels of the picture: as wide as the word, as high as its line. */
  box: { x: number; y: number; w: number; h: number };
  /** 0–100. */
  confidence: number;
}

export interface LectureSlide {
  /** From 1. */
  n: number;
  title: string;
  /** A JPEG, and its size in pixels. */
  picture: { path: string; width: number; height: number };
  ranges: TimeRange[];
  words: SlideWord[];
  /** What could be read on it. */
  text: string;
  transcript: SpokenText[];
}

export interface LecturePdf {
  filename: string;
  title: string;
  /** Seconds. */
  duration: number;
  /** The video breaks off there, before the end that it announces. */
  cutOff?: boolean;
  uploadedAt: Date;
  /** Where the video can be watched; null when unknown. */
  sourceUrl: string | null;
  /** BCP 47, of the document; null when unknown. */
  language: string | null;
  layout: LectureLayout;
  transcript: { source: TranscriptSource; language: string | null; model: string | null };
  slides: LectureSlide[];
  /** What was said outside of all slides: everything, in a video without slides. */
  withoutSlide?: SpokenText[];
}

export interface WrittenPdf {
  pages: number;
  /** The page of each slide, from 1, in the order of the slides. */
  slidePages: number[];
}

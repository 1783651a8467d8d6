import { fileURLToPath } from 'node:url';
import { probe, type MediaProbe } from '@mediaworks/media';
import type { Found, FoundPage } from './score.ts';

/** The service is measured as it is built; the bench itself needs none of it. */
const built = (file: string) => new URL(`../../../services/lecture2pdf/dist/${file}`, import.meta.url);

interface Options {
  readonly probe: MediaProbe;
  readonly signal: AbortSignal;
}

interface FindSlides {
  findSlides(path: string, options: Options & { onProgress: (percent: number) => void }): Promise<Found>;
}

interface SlidePicture {
  slidePicture(
    path: string,
    slide: FoundPage,
    outFile: string,
    options: Options,
  ): Promise<{ width: number; height: number; bytes: number }>;
}

interface Ocr {
  openSlideReader(): {
    read(picture: string, options: { signal: AbortSignal }): Promise<{ text: string; words: unknown[] }>;
    close(): Promise<void>;
  };
}

interface Pdf {
  writeLecturePdf(outPath: string, lecture: unknown): Promise<{ pages: number }>;
}

const signal = new AbortController().signal;

/** The slides of a video. @throws Error when the finder is not built */
export async function findIn(path: string): Promise<Found> {
  const { findSlides } = (await import(built('slides/find-slides.js').href)) as FindSlides;
  return findSlides(path, { probe: await probe(path), signal, onProgress: () => undefined });
}

/** Which of the functions that a measurement needs are not there, in words. */
export async function missingOf(parts: readonly Part[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { file, name } of parts) {
    const there = await import(built(file).href).then(
      (module: Record<string, unknown>) => typeof module[name] === 'function',
      () => false,
    );
    if (!there) missing.push(`${name} of ${fileURLToPath(built(file))} is not built`);
  }
  return missing;
}

interface Part {
  readonly file: string;
  readonly name: string;
}

export const finderParts: readonly Part[] = [{ file: 'slides/find-slides.js', name: 'findSlides' }];
export const pageParts: readonly Part[] = [
  { file: 'slides/index.js', name: 'slidePicture' },
  { file: 'ocr/index.js', name: 'openSlideReader' },
  { file: 'pdf/index.js', name: 'writeLecturePdf' },
];

/** Everything after the finding: each slide's full frame and words, and the PDF of them; returns its pages. */
export async function writePages(path: string, found: Found, dir: string): Promise<number> {
  const { slidePicture } = (await import(built('slides/index.js').href)) as SlidePicture;
  const { openSlideReader } = (await import(built('ocr/index.js').href)) as Ocr;
  const { writeLecturePdf } = (await import(built('pdf/index.js').href)) as Pdf;
  const options = { probe: await probe(path), signal };
  const reader = openSlideReader();
  const slides: object[] = [];
  try {
    for (const [i, slide] of found.slides.entries()) {
      const picture = `${dir}/page-${i + 1}.jpg`;
      const { width, height } = await slidePicture(path, slide, picture, options);
      const { text, words } = await reader.read(picture, { signal });
      const shown = { n: i + 1, title: `Slide ${i + 1}`, ranges: slide.ranges, transcript: [] };
      slides.push({ ...shown, picture: { path: picture, width, height }, text, words });
    }
  } finally {
    await reader.close();
  }
  const { pages } = await writeLecturePdf(`${dir}/lecture.pdf`, {
    filename: 'lecture.mp4',
    title: 'Lecture',
    duration: options.probe.duration ?? 0,
    uploadedAt: new Date(0),
    sourceUrl: null,
    language: 'en',
    layout: 'portrait',
    transcript: { source: 'none', language: null, model: null },
    slides,
  });
  return pages;
}

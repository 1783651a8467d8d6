import { probe, writeStill, type MediaProbe } from '@mediaworks/media';
import type { Found } from './score.ts';

/** The service is measured as it is built; it offers its insides to nobody. */
const built = (file: string) =>
  new URL(`../../../services/lecture2pdf/dist/${file}/index.js`, import.meta.url).href;

/** How a long video is decoded in parts, several at a time. */
export interface Parts {
  readonly decoders: number;
  readonly folder: string;
}

interface Finding {
  findSlides(
    path: string,
    options: {
      probe: MediaProbe;
      signal: AbortSignal;
      onProgress: (percent: number) => void;
      parts?: Parts;
    },
  ): Promise<Found>;
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

/** The slides of a video. */
export async function findIn(path: string, parts?: Parts): Promise<Found> {
  const { findSlides } = (await import(built('finding'))) as Finding;
  return findSlides(path, {
    probe: await probe(path),
    signal,
    onProgress: () => undefined,
    ...(parts && { parts }),
  });
}

/** Everything after the finding: each slide's full frame and words, and the PDF of them; returns its pages. */
export async function writePages(path: string, found: Found, dir: string): Promise<number> {
  const { openSlideReader } = (await import(built('ocr'))) as Ocr;
  const { writeLecturePdf } = (await import(built('pdf'))) as Pdf;
  const options = { probe: await probe(path), signal };
  const reader = openSlideReader();
  const slides: object[] = [];
  try {
    for (const [i, { frameTime, ranges }] of found.slides.entries()) {
      const picture = `${dir}/page-${i + 1}.jpg`;
      const { width, height } = await writeStill(path, frameTime, picture, options);
      const { text, words } = await reader.read(picture, { signal });
      const shown = { n: i + 1, title: `Slide ${i + 1}`, ranges, transcript: [] };
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

import { join } from 'node:path';
import { probe, type MediaProbe } from '@mediaworks/media';
import type { Found } from './score.ts';

/** The service is measured as it is built; it offers its insides to nobody. */
const built = (file: string) => new URL(`../../../services/lecture2pdf/dist/${file}`, import.meta.url).href;

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

interface Picture {
  picture: string;
  width: number;
  height: number;
}

/** A stage's work, done and kept nowhere. */
interface Stages {
  once<T>(name: string, result: unknown, work: () => Promise<T>): Promise<T>;
  keep(name: string): Promise<void>;
  file(name: string): Promise<string>;
}

interface Reading {
  pictureSlides(
    video: { path: string; probe: MediaProbe },
    slides: Found['slides'],
    stages: Stages,
    ctx: { tmp: string; signal: AbortSignal },
    tell: (percent: number) => void,
  ): Promise<Picture[]>;
  readSlides(
    pictures: Picture[],
    stages: Stages,
    ctx: { signal: AbortSignal; log: Pick<Console, 'warn'> },
    tell: (percent: number) => void,
  ): Promise<(Picture & { text: string; words: unknown[] })[]>;
}

interface Pdf {
  writeLecturePdf(outPath: string, lecture: unknown): Promise<{ pages: number }>;
}

const signal = new AbortController().signal;

/** The slides of a video. */
export async function findIn(path: string, parts?: Parts): Promise<Found> {
  const { findSlides } = (await import(built('finding/index.js'))) as Finding;
  return findSlides(path, {
    probe: await probe(path),
    signal,
    onProgress: () => undefined,
    ...(parts && { parts }),
  });
}

/** Everything after the finding: each slide's full frame and words, and the PDF of them; returns its pages. */
export async function writePages(path: string, found: Found, dir: string): Promise<number> {
  const { pictureSlides, readSlides } = (await import(built('read-slides.js'))) as Reading;
  const { writeLecturePdf } = (await import(built('pdf/index.js'))) as Pdf;
  const video = { path, probe: await probe(path) };
  const stages: Stages = {
    once: (_name, _result, work) => work(),
    keep: () => Promise.resolve(),
    file: (name) => Promise.resolve(join(dir, name)),
  };
  const ctx = { tmp: dir, signal, log: console };
  const tell = () => undefined;
  const pictures = await pictureSlides(video, found.slides, stages, ctx, tell);
  const read = await readSlides(pictures, stages, ctx, tell);
  const slides = read.map(({ picture, width, height, ...reading }, i) => ({
    ...reading,
    ...{ n: i + 1, title: `Slide ${i + 1}`, ranges: found.slides[i]?.ranges, transcript: [] },
    picture: { path: join(dir, picture), width, height },
  }));
  const { pages } = await writeLecturePdf(`${dir}/lecture.pdf`, {
    filename: 'lecture.mp4',
    title: 'Lecture',
    duration: video.probe.duration ?? 0,
    uploadedAt: new Date(0),
    sourceUrl: null,
    language: 'en',
    layout: 'portrait',
    transcript: { source: 'none', language: null, model: null },
    slides,
  });
  return pages;
}

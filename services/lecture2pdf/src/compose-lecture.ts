import { parse } from 'node:path';
import type { LectureInput } from '@mediaworks/contracts';
import type { FoundWords } from './find-words.ts';
import type { LecturePdf, LectureSlide, SpokenText } from './pdf/index.ts';
import type { FoundSlides, ReadSlide } from './read-slides.ts';
import type { VideoSource } from './video-source.ts';
import type { Stages } from './stages.ts';
import { assignCues } from './transcript/index.ts';

export interface Findings {
  readonly video: VideoSource;
  readonly found: FoundSlides;
  readonly read: readonly ReadSlide[];
  readonly words: FoundWords;
}

/** Everything that goes onto the pages, every word of the transcript once. */
export async function composeLecture(
  input: LectureInput,
  { video, found, read, words }: Findings,
  stages: Stages,
): Promise<LecturePdf> {
  const spoken = assignCues(words.cues, found.slides);
  const slides: LectureSlide[] = [];
  for (const [index, slide] of read.entries()) {
    const n = index + 1;
    const ranges = found.slides[index]?.ranges ?? [];
    slides.push({
      n,
      ranges,
      title: slide.title ?? `Slide ${n} – ${clock(ranges[0]?.start ?? 0)}`,
      picture: { path: await stages.file(slide.picture), width: slide.width, height: slide.height },
      words: slide.words,
      text: slide.text,
      transcript: (spoken[index] ?? []).filter(({ text }) => text !== ''),
    });
  }
  return {
    filename: input.filename,
    title: video.probe.tags.title ?? parse(input.filename).name,
    duration: found.duration,
    cutOff: found.cutOff,
    uploadedAt: new Date(input.uploaded_at),
    sourceUrl: input.source_url,
    language: words.language,
    layout: input.layout,
    transcript: { source: words.source, language: words.language, model: words.model },
    slides,
    ...(slides.length === 0 ? { withoutSlide: allOf(words) } : {}),
  };
}

/** The transcript of a video without slides. */
function allOf({ cues }: FoundWords): SpokenText[] {
  return cues.map(({ start, end, text }) => ({ range: { start, end }, text }));
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
function clock(seconds: number): string {
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const pad = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${pad(m)}:${pad(s)}`;
}

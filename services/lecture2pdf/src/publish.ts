import {
  lectureKeys,
  type LectureInput,
  type LectureManifest,
  type LectureResult,
} from '@mediaworks/contracts';
import type { JobContext } from '@mediaworks/jobs';
import { mainVideo } from '@mediaworks/media';
import type { Findings } from './compose-lecture.ts';
import type { LecturePdf, WrittenPdf } from './pdf/index.ts';
import { writeSrt } from './transcript/index.ts';

interface Made extends Findings {
  readonly input: LectureInput;
  readonly lecture: LecturePdf;
  readonly written: WrittenPdf;
  /** Path of the PDF. */
  readonly pdf: string;
}

/** Puts the PDF, the subtitles where there are words, and the manifest where their URLs will point. */
export async function publish(made: Made, ctx: JobContext): Promise<LectureResult> {
  const { input, lecture, written, words } = made;
  const keys = lectureKeys(input.lecture_id);
  const { store, signal } = ctx;
  const text = (key: string, content: string, contentType: string) =>
    store.put(key, Buffer.from(content), { contentType, signal });
  const [pdf, srt, manifest] = await Promise.all([
    store.putFile(keys.pdf, made.pdf, { contentType: 'application/pdf', signal }),
    words.cues.length === 0 ? null : text(keys.srt, writeSrt(words.cues), 'application/x-subrip'),
    text(keys.manifest, JSON.stringify(manifestOf(made), null, 2), 'application/json'),
  ]);
  const told = ({ key, size, sha256 }: typeof pdf) => ({ key, size, sha256 });
  return {
    pdf: told(pdf),
    srt: srt && told(srt),
    manifest: told(manifest),
    slides: lecture.slides.length,
    pages: written.pages,
    duration: lecture.duration,
    transcript: lecture.transcript,
  };
}

function manifestOf({ lecture, written, found, video }: Made): LectureManifest {
  const picture = mainVideo(video.probe);
  return {
    video: {
      filename: lecture.filename,
      duration: lecture.duration,
      width: picture.width,
      height: picture.height,
      fps: picture.averageFrameRate ?? picture.gridFrameRate ?? 1,
    },
    transcript: lecture.transcript,
    slides: lecture.slides.map((slide, index) => ({
      n: slide.n,
      title: slide.title,
      page: written.slidePages[index] ?? 1,
      frame_time: found.slides[index]?.frameTime ?? 0,
      ranges: slide.ranges,
      text: slide.text,
      transcript: slide.transcript.map(({ text }) => text).join('\n'),
    })),
  };
}

import { join } from 'node:path';
import { PermanentError } from '@mediaworks/contracts';
import type { Handler } from '@mediaworks/jobs';
import { type MediaLimits, probe } from '@mediaworks/media';
import { composeLecture } from './compose-lecture.ts';
import { fetchVideo } from './fetch-video.ts';
import { findWords, foundWords } from './find-words.ts';
import { writeLecturePdf } from './pdf/index.ts';
import { progressOf } from './progress.ts';
import { publish } from './publish.ts';
import { foundSlides, pictureSlides, readSlides } from './read-slides.ts';
import { findSlides } from './finding/index.ts';
import type { VideoSource } from './video-source.ts';
import { openStages } from './stages.ts';
import type { SpeechRecogniser } from './transcript/index.ts';

export interface ConvertSettings {
  readonly limits: Partial<MediaLimits>;
  readonly recogniser: SpeechRecogniser | undefined;
  /** How many parts of a long video are decoded at a time. */
  readonly decoders: number;
  /** Hosts of private networks that videos may be fetched from. */
  readonly allow: readonly string[];
}

/** Fetch the video, find its slides, take their pictures, read them, find the words, write the PDF, publish. */
export function convert({
  limits,
  recogniser,
  decoders,
  allow,
}: ConvertSettings): Handler<'lecture.convert'> {
  return async (input, ctx) => {
    const { signal } = ctx;
    const stages = openStages(input.lecture_id, ctx);
    const telling = (name: Parameters<typeof progressOf>[1]) => progressOf(ctx, name);
    await fetchVideo(input, ctx, allow, telling('fetching the video'));

    const made = await ctx.store.withFile(
      input.video_key,
      () => join(ctx.tmp, 'video'),
      async (path) => {
        const video: VideoSource = { path, probe: await probe(path, { signal, limits }), limits };
        if (video.probe.kind === 'audio') {
          throw new PermanentError('no_video', 'The file has sound but no moving picture');
        }
        const tellSlides = telling('looking for slides');
        const found = await stages.once('slides', foundSlides, () =>
          findSlides(path, {
            ...{ probe: video.probe, limits, signal, onProgress: tellSlides },
            parts: { decoders, folder: ctx.tmp },
          }),
        );
        const tellPictures = telling('taking pictures of the slides');
        const pictures = await pictureSlides(video, found.slides, stages, ctx, tellPictures);
        const read = await readSlides(pictures, stages, ctx, telling('reading the slides'));
        const tellWords = telling('finding the words');
        const words = await stages.once('words', foundWords, () =>
          findWords(input, video, ctx, recogniser, tellWords),
        );
        return { video, found, read, words };
      },
      { signal },
    );

    const tellPdf = telling('writing the PDF');
    const lecture = await composeLecture(input, made, stages);
    const pdf = join(ctx.tmp, 'lecture.pdf');
    const written = await writeLecturePdf(pdf, lecture, { signal });
    tellPdf(100);
    ctx.releaseSlot();
    telling('publishing');
    const result = await publish({ input, lecture, written, pdf, ...made }, ctx);
    await stages.clear();
    return result;
  };
}

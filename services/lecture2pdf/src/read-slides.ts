import { join } from 'node:path';
import { timeRange } from '@mediaworks/contracts';
import type { JobContext } from '@mediaworks/jobs';
import { writeStill } from '@mediaworks/media';
import { z } from 'zod';
import { openSlideReader } from './ocr/index.ts';
import type { Stages } from './stages.ts';
import type { VideoSource } from './video-source.ts';

export const foundSlides = z.object({
  duration: z.number(),
  cutOff: z.boolean(),
  slides: z.array(z.object({ ranges: z.array(timeRange), frameTime: z.number() })),
});
export type FoundSlides = z.infer<typeof foundSlides>;

const slidePicture = z.object({
  /** The name of its picture among what the stages keep. */
  picture: z.string(),
  width: z.int(),
  height: z.int(),
});
type SlidePicture = z.infer<typeof slidePicture>;

export const readSlide = slidePicture.extend({
  title: z.string().nullable(),
  text: z.string(),
  words: z.array(
    z.object({
      text: z.string(),
      box: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      confidence: z.number(),
    }),
  ),
});
export type ReadSlide = z.infer<typeof readSlide>;

/** The full-size picture of each slide, slide by slide, each of them once over all tries. */
export async function pictureSlides(
  video: VideoSource,
  slides: FoundSlides['slides'],
  stages: Stages,
  ctx: JobContext,
  tell: (percent: number) => void,
): Promise<SlidePicture[]> {
  const { limits, probe } = video;
  const { signal } = ctx;
  const pictures: SlidePicture[] = [];
  for (const [index, { frameTime }] of slides.entries()) {
    const name = `picture-${index + 1}`;
    pictures.push(
      await stages.once(name, slidePicture, async () => {
        const picture = `${name}.jpg`;
        const path = join(ctx.tmp, picture);
        const { width, height } = await writeStill(video.path, frameTime, path, { probe, limits, signal });
        await stages.keep(picture, 'image/jpeg');
        return { picture, width, height };
      }),
    );
    tell((100 * (index + 1)) / slides.length);
  }
  return pictures;
}

/**
 * What is written on each slide, slide by slide, each of them once over all tries. All have their pictures by then: the
 * engine that reads takes as much memory as ffmpeg, and so they never run at the same time.
 */
export async function readSlides(
  pictures: readonly SlidePicture[],
  stages: Stages,
  ctx: JobContext,
  tell: (percent: number) => void,
): Promise<ReadSlide[]> {
  const reader = openSlideReader();
  try {
    const read: ReadSlide[] = [];
    for (const [index, picture] of pictures.entries()) {
      read.push(
        await stages.once(`slide-${index + 1}`, readSlide, async () => {
          const path = await stages.file(picture.picture);
          const { failed, ...reading } = await reader.read(path, { signal: ctx.signal });
          // The slide is shown all the same; only searching will not find it.
          if (failed !== null)
            ctx.log.warn('a slide could not be read', { slide: index + 1, reason: failed });
          return { ...picture, ...reading };
        }),
      );
      tell((100 * (index + 1)) / pictures.length);
    }
    return read;
  } finally {
    await reader.close();
  }
}

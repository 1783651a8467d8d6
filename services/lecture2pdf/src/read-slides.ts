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

export const readSlide = z.object({
  /** The name of its picture among what the stages keep. */
  picture: z.string(),
  width: z.int(),
  height: z.int(),
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

/** The full-size picture of each slide and what is written on it, slide by slide, each of them once over all tries. */
export async function readSlides(
  video: VideoSource,
  slides: FoundSlides['slides'],
  stages: Stages,
  ctx: JobContext,
  tell: (percent: number) => void,
): Promise<ReadSlide[]> {
  const reader = openSlideReader();
  try {
    const read: ReadSlide[] = [];
    for (const [index, slide] of slides.entries()) {
      const name = `slide-${index + 1}`;
      read.push(
        await stages.once(name, readSlide, async () => {
          const path = join(ctx.tmp, `${name}.jpg`);
          const { width, height } = await writeStill(video.path, slide.frameTime, path, {
            probe: video.probe,
            limits: video.limits,
            signal: ctx.signal,
          });
          const { failed, ...reading } = await reader.read(path, { signal: ctx.signal });
          // The slide is shown all the same; only searching will not find it.
          if (failed !== null)
            ctx.log.warn('a slide could not be read', { slide: index + 1, reason: failed });
          await stages.keep(`${name}.jpg`, 'image/jpeg');
          return { picture: `${name}.jpg`, width, height, ...reading };
        }),
      );
      tell((100 * (index + 1)) / slides.length);
    }
    return read;
  } finally {
    await reader.close();
  }
}

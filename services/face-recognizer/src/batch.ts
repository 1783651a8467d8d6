import type { Executor, Handler } from '@mediaworks/jobs';
import { photosOfBatch } from './queries.ts';

/** The photos of a batch have their jobs from the start; run again, it runs those again that came to nothing. */
export function batch(db: Executor): Handler<'photos.batch'> {
  return async ({ batch_id }, ctx) => {
    if (ctx.job.run > 1) {
      for (const photo of await photosOfBatch(db, batch_id)) {
        await ctx.spawn('photos.recognise', photo.photo_id, photo);
      }
    }
    return {};
  };
}

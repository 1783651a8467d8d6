import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LectureInput, PermanentError } from '@mediaworks/contracts';
import type { JobContext } from '@mediaworks/jobs';
import { sniffMedia } from '@mediaworks/media';
import { fetchToFile } from '@mediaworks/runtime';

/**
 * Brings a video that is elsewhere into the store, once; nothing to do for one that was uploaded.
 * @param allow hosts of private networks that may be fetched from
 * @throws PermanentError `unsupported_media`, and what `fetchToFile` throws
 */
export async function fetchVideo(
  input: LectureInput,
  ctx: JobContext,
  allow: readonly string[],
  tell: (percent: number) => void,
): Promise<void> {
  if (input.source_url === null || (await ctx.store.head(input.video_key))) return;
  const path = join(ctx.tmp, 'fetched');
  let mime = 'application/octet-stream';
  await fetchToFile(input.source_url, path, {
    allow,
    maxBytes: input.max_bytes,
    signal: ctx.signal,
    onProgress: (received, total) => tell((100 * received) / (total ?? input.max_bytes)),
    check: async (head) => {
      const sniffed = await sniffMedia(head);
      if (sniffed?.kind !== 'video') {
        throw new PermanentError('unsupported_media', 'What lies at this address is not a video');
      }
      mime = sniffed.mime;
    },
  });
  await ctx.store.putFile(input.video_key, path, { contentType: mime, signal: ctx.signal });
  await rm(path);
}

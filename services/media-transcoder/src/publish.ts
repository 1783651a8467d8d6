import { extname } from 'node:path';
import { type Rendition, renditionKey, type RenditionName, type TranscodeInput } from '@mediaworks/contracts';
import type { JobContext } from '@mediaworks/jobs';
import type { ImageRendition, LocalRendition } from '@mediaworks/media';

export type MadeRenditions = Partial<Record<RenditionName, LocalRendition | ImageRendition>>;

/** Puts everything that was made where its URL will point, whole or not at all, and tells what is there now. */
export async function publish(
  made: MadeRenditions,
  input: TranscodeInput,
  ctx: JobContext,
): Promise<Partial<Record<RenditionName, Rendition>>> {
  const published = await Promise.all(
    Object.entries(made).map(async ([name, one]): Promise<[RenditionName, Rendition]> => {
      const rendition = name as RenditionName;
      const { mime, width, height } = one;
      const options = { contentType: mime, signal: ctx.signal };
      const key = renditionKey(input, rendition, 'ext' in one ? one.ext : extname(one.path).slice(1));
      const { size, sha256 } =
        'data' in one
          ? await ctx.store.put(key, one.data, options)
          : await ctx.store.putFile(key, one.path, options);
      return [rendition, { key, mime, size, sha256, width, height }];
    }),
  );
  return Object.fromEntries(published);
}

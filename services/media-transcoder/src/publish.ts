import { extname } from 'node:path';
import { type Rendition, renditionKey, type RenditionName, type TranscodeInput } from '@mediaworks/contracts';
import type { JobContext } from '@mediaworks/jobs';
import type { LocalRendition } from '@mediaworks/media';

export type LocalRenditions = Partial<Record<RenditionName, LocalRendition>>;

/** Puts every file that was made where its URL will point, whole or not at all, and tells what is there now. */
export async function publish(
  made: LocalRenditions,
  input: TranscodeInput,
  ctx: JobContext,
): Promise<Partial<Record<RenditionName, Rendition>>> {
  const published = await Promise.all(
    Object.entries(made).map(async ([name, file]): Promise<[RenditionName, Rendition]> => {
      const rendition = name as RenditionName;
      const key = renditionKey(input, rendition, extname(file.path).slice(1));
      const { size, sha256 } = await ctx.store.putFile(key, file.path, {
        contentType: file.mime,
        signal: ctx.signal,
      });
      return [rendition, { key, mime: file.mime, size, sha256, width: file.width, height: file.height }];
    }),
  );
  return Object.fromEntries(published);
}

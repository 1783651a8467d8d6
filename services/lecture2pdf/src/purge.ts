import type { Handler } from '@mediaworks/jobs';

/** Removes the objects of a deleted lecture, those included that a run still at work may have written. */
export const purge: Handler<'lecture.purge'> = async (input, ctx) => {
  let removed = 0;
  const remove = async (key: string) => {
    ctx.signal.throwIfAborted();
    await ctx.store.remove(key);
    removed++;
  };
  for (const key of input.keys) await remove(key);
  for (const prefix of input.prefixes) {
    for await (const { key } of ctx.store.list(prefix)) await remove(key);
  }
  return { removed };
};

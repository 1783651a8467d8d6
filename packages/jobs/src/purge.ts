import type { purgeInput } from '@mediaworks/contracts';
import type { z } from 'zod';
import type { JobContext } from './context.ts';

/** Handles what `definePurge` declares. Those objects are removed too that a run still at work may have written. */
export async function purge(
  { keys, prefixes }: z.infer<typeof purgeInput>,
  { store, signal }: Pick<JobContext, 'store' | 'signal'>,
): Promise<{ removed: number }> {
  let removed = 0;
  const remove = async (key: string) => {
    signal.throwIfAborted();
    await store.remove(key);
    removed++;
  };
  for (const key of keys) await remove(key);
  for (const prefix of prefixes) {
    for await (const { key } of store.list(prefix)) await remove(key);
  }
  return { removed };
}

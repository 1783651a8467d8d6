import type { ObjectStore } from '@mediaworks/storage';

const AT_ONCE = 16;

/** Removes objects. @returns how many could not be removed */
export async function removeAll(store: ObjectStore, keys: readonly string[]): Promise<number> {
  let left = 0;
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const removed = await Promise.allSettled(keys.slice(at, at + AT_ONCE).map((key) => store.remove(key)));
    left += removed.filter(({ status }) => status === 'rejected').length;
  }
  return left;
}

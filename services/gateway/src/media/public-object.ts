import type { Executor } from '@mediaworks/jobs';
import type { PublicObject } from '../files/routes.ts';
import { isOriginal, tokenOf } from './object-keys.ts';
import { visibilityOf } from './queries.ts';

/**
 * Renditions are open to anyone while their item is public. The row is asked every time, so that closing or deleting
 * an item shuts its addresses at once. An original never is: it carries whatever its maker's camera wrote into it.
 */
export function publicMedia(db: Executor): PublicObject {
  return async (key) => {
    const token = isOriginal(key) ? undefined : tokenOf(key);
    return token !== undefined && (await visibilityOf(db, token)) === 'public';
  };
}

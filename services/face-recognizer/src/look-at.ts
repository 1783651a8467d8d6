import { join } from 'node:path';
import type { JobContext } from '@mediaworks/jobs';
import type { FaceEngine, PhotoFaces } from './engine/index.ts';

/** The faces of a photo in the store. */
export function lookAt(
  engine: FaceEngine,
  key: string,
  ctx: Pick<JobContext, 'store' | 'tmp' | 'signal'>,
  scratch = 'photo',
): Promise<PhotoFaces> {
  const { signal } = ctx;
  return ctx.store.withFile(
    key,
    // Most stores need no folder: it is made when it is asked for.
    () => join(ctx.tmp, scratch),
    (path) => engine.analyse(path, { signal }),
    { signal },
  );
}

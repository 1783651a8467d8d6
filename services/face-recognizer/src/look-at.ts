import { join } from 'node:path';
import type { JobContext } from '@mediaworks/jobs';
import type { FaceEngine, PhotoFaces } from './engine/index.ts';

/** The faces of a photo in the store. */
export function lookAt(
  engine: FaceEngine,
  key: string,
  { store, tmp, signal }: Pick<JobContext, 'store' | 'tmp' | 'signal'>,
  scratch = 'photo',
): Promise<PhotoFaces> {
  return store.withFile(
    key,
    () => join(tmp, scratch),
    (path) => engine.analyse(path, { signal }),
    { signal },
  );
}

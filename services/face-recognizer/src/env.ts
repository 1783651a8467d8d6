import { availableParallelism } from 'node:os';
import { byteSize, flag } from '@mediaworks/runtime';
import { z } from 'zod';

/** What the face-recognizer alone reads. */
export const faceEnv = {
  /** `default`, `opencv`, or the path of a model set of one's own. */
  FACE_MODEL_SET: z.string().default('default'),
  /** Where the files of a set lie that come from no package. */
  FACE_MODEL_DIR: z.string().optional(),
  /** Says that models whose licence forbids commerce may be used. */
  FACE_ALLOW_NON_COMMERCIAL: flag.default(false),
  /** Photos that are described at a time, each on a core of its own; WORKER_SLOTS should be one or two more. */
  FACE_THREADS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  /** Of all galleries that are held in memory together, beside the one in use. */
  GALLERY_MEMORY: byteSize.default(512 * 2 ** 20),
};

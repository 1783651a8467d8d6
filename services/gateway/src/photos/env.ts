import { byteSize, duration } from '@mediaworks/runtime';

const MB = 2 ** 20;

/** What the photo routes read from the environment. */
export const photoEnv = {
  MAX_PHOTO_BYTES: byteSize.default(10 * MB),
  /** Of all photos of a batch together, those that are too large among them. */
  MAX_BATCH_BYTES: byteSize.default(2_048 * MB),
  /** How long a caller waits for an answer that takes time, unless it says so itself. */
  PHOTO_WAIT: duration.default(55_000),
  /** Photos of batches are removed after this, and what was found out about strangers on them. */
  PHOTO_RETENTION: duration.default(7 * 86_400_000),
};

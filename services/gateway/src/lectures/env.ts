import { byteSize, duration, safeFetchEnv } from '@mediaworks/runtime';

/** What the lecture routes read from the environment. */
export const lectureEnv = {
  ...safeFetchEnv,
  MAX_LECTURE_BYTES: byteSize.default(5 * 2 ** 30),
  /** Uploads in pieces that nobody goes on with are removed after this. */
  UPLOAD_RETENTION: duration.default(86_400_000),
};

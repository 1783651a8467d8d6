import type { JobRow } from '@mediaworks/jobs';
import { ApiError, unavailable } from '../api-error.ts';

/** What is wrong with a photo, in the words of HTTP. Whatever else a worker says of one can't be helped either: 422. */
const STATUS: Readonly<Record<string, number>> = {
  empty_media: 400,
  unsupported_media: 415,
  too_many_pixels: 413,
  cancelled: 409,
  gone: 404,
};

/** The answer to whoever waited for a job that came to nothing. */
export function refusalOf({ error }: Pick<JobRow, 'error'>): ApiError {
  if (!error || error.code === 'internal' || error.code === 'poison') {
    return new ApiError(500, 'internal', 'Something went wrong on our side');
  }
  if (error.retryable) return unavailable('worker', error);
  return new ApiError(STATUS[error.code] ?? 422, error.code, error.message);
}

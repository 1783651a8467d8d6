import { PermanentError, TransientError } from '@mediaworks/contracts/errors';

/**
 * Why a step that reads the upload failed, with a code and a message for its owner (libvips' own words are in
 * `cause`). What already has a code, and what is not from libvips, comes back as it is.
 */
export function explainImageFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PermanentError || error instanceof TransientError)
    return error;
  if (error.name === 'AbortError' || 'code' in error) return error;
  const options = { cause: error };
  if (/pixel limit/i.test(error.message)) return tooManyPixels(options);
  if (/^timeout:/i.test(error.message)) return tookTooLong(options);
  if (/out of memory|cannot allocate|unable to allocate/i.test(error.message)) {
    return new TransientError('out_of_memory', 'There was not enough memory for this picture', options);
  }
  return corruptImage(options);
}

export function corruptImage(options?: ErrorOptions): PermanentError {
  return new PermanentError('corrupt_media', 'The picture is damaged or incomplete', options);
}

export function unsupportedImage(options?: ErrorOptions): PermanentError {
  return new PermanentError(
    'unsupported_media',
    'The file is not a picture in a format that can be read',
    options,
  );
}

export function tooManyPixels(options?: ErrorOptions): PermanentError {
  return new PermanentError('too_many_pixels', 'The picture has more pixels than the limit', options);
}

export function tookTooLong(options?: ErrorOptions): PermanentError {
  return new PermanentError('took_too_long', 'Reading the picture took longer than the limit', options);
}

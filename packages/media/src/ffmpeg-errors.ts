import { PermanentError, TransientError } from '@mediaworks/contracts';
import { ExecError, ExecTimeoutError } from '@mediaworks/runtime';

/**
 * What went wrong in a run of ffmpeg or ffprobe, as an error with a code and a message without any path (the
 * program's own words are in `cause`). Anything that is not from a child process comes back as it is.
 *
 * - `took_too_long`: the time limit, which grows with the media's length. Permanent: a second try would spend
 *   the same time again.
 * - `output_too_large`, `too_large_picture`, `unsupported_media`, `corrupt_media`: permanent.
 * - `empty_media`: a stream is announced and has nothing in it. Permanent.
 * - `out_of_memory`, `disk_full`, `ffmpeg_failed`: transient, since another moment or machine may do better.
 */
export function explainFailure(error: unknown): unknown {
  if (error instanceof ExecTimeoutError) return took(error);
  if (!(error instanceof ExecError)) return error;
  const { stderr, exitSignal } = error;
  const options = { cause: error };
  if (exitSignal === 'SIGXFSZ' || /File too large/.test(stderr)) {
    return new PermanentError('output_too_large', 'The result is larger than the limit', options);
  }
  if (exitSignal === 'SIGXCPU') return took(error);
  if (/picture size \d+x\d+ is invalid|Picture size .* exceeds/i.test(stderr)) {
    return new PermanentError('too_large_picture', 'The picture is larger than the limit', options);
  }
  if (exitSignal === 'SIGKILL' || /Cannot allocate memory|malloc.*fail|out of memory/i.test(stderr)) {
    return new TransientError('out_of_memory', 'There was not enough memory for this file', options);
  }
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    return new TransientError('disk_full', 'There was no room to write the result', options);
  }
  if (/decoder .*not found|unknown decoder|codec not currently supported|Unsupported codec/i.test(stderr)) {
    return new PermanentError('unsupported_media', 'The file uses a codec that cannot be read', options);
  }
  if (/Cannot determine format of input stream/.test(stderr)) {
    return new PermanentError('empty_media', 'The file announces a stream that holds nothing', options);
  }
  if (exitSignal === null && recognisedContainer(stderr)) {
    return new PermanentError('corrupt_media', 'The file is damaged or incomplete', options);
  }
  return new TransientError('ffmpeg_failed', 'The file could not be converted', options);
}

function took(cause: Error): PermanentError {
  return new PermanentError('took_too_long', 'Converting the file took longer than the limit', { cause });
}

/** True when the bytes were found to be wrong, rather than the command or the machine. */
function recognisedContainer(stderr: string): boolean {
  return /moov atom not found|Invalid data found|Error while decoding|End of file|could not find codec parameters|EBML header parsing failed|non-existing [PS]PS|missing picture|Decode error rate/i.test(
    stderr,
  );
}

import type { Readable } from 'node:stream';
import type { ObjectStore } from '@mediaworks/storage';
import { ApiError } from '../api-error.ts';
import { cleanFileName } from '../files/file-name.ts';
import { readHead } from '../forms/read-head.ts';
import { captionsKey } from './object-keys.ts';

/** Ten hours of speech are about 1 MB. */
const MAX_BYTES = 8 * 2 ** 20;

/** What every format of timed text has in it somewhere: an SRT or WebVTT arrow, an ASS event, an SAMI or TTML cue. */
const TIMED = /-->|^\s*Dialogue:|<sync\b|<tt[\s:>]|^\{\d+\}\{\d+\}|^\[?\d{1,2}:\d{2}/im;

/**
 * Stores uploaded subtitles as they came: reading them is the worker's, in whatever encoding they are.
 * @returns their key; undefined for an empty part, as a browser sends it for a field that was left empty
 * @throws ApiError 413, 415
 */
export async function storeSubtitle(
  store: ObjectStore,
  subtitle: { id: string; name: string; body: Readable },
): Promise<string | undefined> {
  const { head: bytes, ended } = await readHead(subtitle.body, MAX_BYTES);
  if (!ended) throw new ApiError(413, 'too_large', `Subtitles may have ${MAX_BYTES} bytes`);
  if (bytes.length === 0) return undefined;
  // Every encoding of text has the arrow's bytes, with zeros between them where a character takes two.
  const looksTimed = TIMED.test(bytes.toString('latin1').replaceAll('\0', ''));
  if (!looksTimed)
    throw new ApiError(415, 'unsupported_subtitle', 'The subtitles are in no format of timed text');
  const key = captionsKey(subtitle.id, cleanFileName(subtitle.name));
  await store.put(key, bytes, { contentType: 'text/plain' });
  return key;
}

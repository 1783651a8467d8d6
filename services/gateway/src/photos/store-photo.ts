import { PassThrough, type Readable } from 'node:stream';
import { SNIFF_BYTES, sniffMedia } from '@mediaworks/media';
import { type ObjectStore, StorageError } from '@mediaworks/storage';
import { ApiError } from '../api-error.ts';
import { cleanFileName } from '../files/file-name.ts';
import { readHead } from '../forms/read-head.ts';

/** A photo that is in the store, whole. */
export interface StoredPhoto {
  id: string;
  filename: string;
  key: string;
  sha256: string;
}

/** Where a photo goes. */
export interface PhotoTarget {
  store: ObjectStore;
  /** Bytes. */
  maxBytes: number;
  key: string;
}

/** A photo that is no larger is handed to the store as a whole, which takes it in fewer steps than a stream. */
const SMALL_BYTES = 2 ** 17;

/**
 * Streams a part of a form into the store, in bounded memory, whatever its name says it is. The part is read to its end
 * or left flowing, so that what comes after it in the form can come.
 * @throws ApiError 400 | 413 | 415 for what is no photo; then nothing is left in the store
 */
export async function storePhoto(
  part: { body: Readable; filename: string },
  id: string,
  { store, maxBytes, key }: PhotoTarget,
): Promise<StoredPhoto> {
  const { body } = part;
  const { head, ended } = await readHead(body, SMALL_BYTES);
  if (head.length === 0) throw new ApiError(400, 'empty_media', 'The submitted file is empty');
  const type = await sniffMedia(head.subarray(0, SNIFF_BYTES));
  if (type?.kind !== 'image') {
    body.resume();
    throw new ApiError(
      415,
      'unsupported_media',
      'Unsupported format: photos are JPEG, PNG, GIF, BMP, TIFF, WebP, AVIF or HEIC',
    );
  }
  const filename = cleanFileName(part.filename);
  try {
    const source = ended ? head : lend(body);
    const { sha256 } = await store.put(key, source, { contentType: type.mime, maxBytes });
    return { id, filename, key, sha256 };
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'too_large') throw error;
    body.resume();
    throw new ApiError(413, 'too_large', `The photo is larger than ${maxBytes} bytes`, { cause: error });
  }
}

/** The same bytes in a stream that may be destroyed without the form ending there. */
function lend(body: Readable): Readable {
  const lent = new PassThrough();
  const cutOff = (error: Error | null = null) => {
    if (!body.readableEnded) lent.destroy(error ?? new Error('The upload was cut off'));
  };
  // Whoever is to read it may not have begun when it breaks off, and is told by the stream itself when it does.
  lent.on('error', () => undefined);
  if (body.destroyed) {
    cutOff(body.errored);
    return lent;
  }
  body.once('error', cutOff).once('close', () => cutOff());
  return body.pipe(lent);
}

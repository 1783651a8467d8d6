import type { Readable } from 'node:stream';
import { SNIFF_BYTES, sniffMedia } from '@mediaworks/media';
import { type ObjectStore, StorageError } from '@mediaworks/storage';
import { ApiError } from '../api-error.ts';
import { cleanFileName } from '../files/file-name.ts';
import { readHead } from '../forms/read-head.ts';
import { videoKey } from './object-keys.ts';

/** A video that is in the store, whole. */
export interface StoredVideo {
  filename: string;
  key: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/** Containers of sound that may hold pictures as well: whether they do, the probe tells. */
const MAYBE_VIDEO = new Set(['audio/mp4', 'audio/ogg']);

/**
 * Streams a lecture's video into the store, its type decided by its first bytes. When this rejects, nothing is left.
 * @throws ApiError 400 empty, 413 too large, 415 not a video
 */
export async function storeVideo(
  store: ObjectStore,
  video: { id: string; name: string; body: Readable; maxBytes: number },
): Promise<StoredVideo> {
  const { body, maxBytes } = video;
  const { head, ended } = await readHead(body, SNIFF_BYTES);
  if (head.length === 0) throw new ApiError(400, 'empty_file', 'The submitted file is empty');
  const type = await sniffMedia(head);
  if (!type || (type.kind !== 'video' && !MAYBE_VIDEO.has(type.mime)))
    throw new ApiError(415, 'unsupported_media', 'This is not a video in a supported format');
  const filename = cleanFileName(video.name);
  const key = videoKey(video.id, filename);
  try {
    const { size, sha256 } = await store.put(key, ended ? head : body, { contentType: type.mime, maxBytes });
    return { filename, key, size, sha256 };
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'too_large') throw error;
    throw new ApiError(413, 'too_large', `A video may have ${maxBytes} bytes`, { cause: error });
  }
}

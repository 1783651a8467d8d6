import type { MediaKind } from '@mediaworks/contracts';
import { SNIFF_BYTES, sniffMedia } from '@mediaworks/media';
import { type ObjectStore, StorageError } from '@mediaworks/storage';
import type { Request, Response } from 'express';
import type { Readable } from 'node:stream';
import { ApiError } from '../api-error.ts';
import { cleanFileName } from '../files/file-name.ts';
import { readHead } from '../forms/read-head.ts';
import { receiveForm } from '../forms/receive-form.ts';
import { newToken, originalKey } from './object-keys.ts';

/** A file that is in the store, whole. */
export interface StoredFile {
  kind: MediaKind;
  mime: string;
  filename: string;
  key: string;
  token: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

export interface Upload {
  file: StoredFile;
  /** The other parts of the form, not checked yet. */
  fields: Record<string, unknown>;
}

export interface UploadTarget {
  store: ObjectStore;
  ownerId: number;
  /** Most bytes of a file, by kind. */
  limits: Record<MediaKind, number>;
}

/**
 * Streams the `file` part of a form into the store, in bounded memory: its type decided by its content, its limit by
 * its type. When this rejects, nothing is left in the store.
 * @throws ApiError 400 | 413 | 415
 */
export async function receiveUpload(req: Request, res: Response, target: UploadTarget): Promise<Upload> {
  const { files, fields } = await receiveForm(req, res, {
    fileParts: ['file'],
    maxBytes: Math.max(...Object.values(target.limits)),
    take: ({ body, filename }) => storeFile(body, filename, target),
    giveBack: ({ key }) => target.store.remove(key),
  });
  const file = files.get('file');
  if (!file) throw new Error('the form has no file after all');
  return { file, fields };
}

/** @throws ApiError 400 | 413 | 415 */
export async function storeFile(body: Readable, name: string, target: UploadTarget): Promise<StoredFile> {
  const { head, ended } = await readHead(body, SNIFF_BYTES);
  if (head.length === 0) throw new ApiError(400, 'empty_file', 'The submitted file is empty');
  const type = await sniffMedia(head);
  if (!type)
    throw new ApiError(
      415,
      'unsupported_media',
      'This is not an image, video or sound in a supported format',
    );
  const filename = cleanFileName(name);
  const token = newToken();
  const key = originalKey(target.ownerId, type.kind, token, filename);
  const maxBytes = target.limits[type.kind];
  try {
    const object = await target.store.put(key, ended ? head : body, { contentType: type.mime, maxBytes });
    return {
      kind: type.kind,
      mime: type.mime,
      filename,
      key,
      token,
      size: object.size,
      sha256: object.sha256,
    };
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'too_large') throw error;
    throw tooLarge(`File size exceeds maximum allowed size: ${maxBytes} bytes for ${type.kind}`, {
      cause: error,
    });
  }
}

const tooLarge = (message: string, options?: ErrorOptions) =>
  new ApiError(413, 'too_large', message, options);

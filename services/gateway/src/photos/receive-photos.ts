import { randomUUID } from 'node:crypto';
import { MAX_BATCH_PHOTOS } from '@mediaworks/contracts';
import type { Request, Response } from 'express';
import { ApiError } from '../api-error.ts';
import type { GatewayDeps } from '../deps.ts';
import { cleanFileName } from '../files/file-name.ts';
import { type ReceivedForm, receiveForm } from '../forms/receive-form.ts';
import { photoKey } from './object-keys.ts';
import { type StoredPhoto, storePhoto } from './store-photo.ts';

/** A photo of a batch that is not worth looking at. */
export interface RefusedPhoto {
  id: string;
  filename: string;
  refusal: { code: string; message: string };
}

/** As it came: the batch is in the order of the form. */
export type ReceivedPhoto = (StoredPhoto | RefusedPhoto) & { receivedAt: Date };

type Target = Pick<GatewayDeps, 'store' | 'env'>;

/**
 * Streams the photos of a batch into the store, in bounded memory. One that can't be a photo is told of in its place;
 * a form that is none, or the store's absence, ends it all.
 * @throws ApiError 400 | 413
 */
export async function receivePhotos(
  req: Request,
  res: Response,
  { store, env }: Target,
  ownerId: number,
): Promise<{ photos: readonly ReceivedPhoto[]; fields: Record<string, unknown> }> {
  const { inOrder: photos, fields } = await receiveForm<ReceivedPhoto>(req, res, {
    fileParts: ['photos[]'],
    most: MAX_BATCH_PHOTOS,
    maxBytes: env.MAX_BATCH_BYTES,
    words: {
      missing: 'No photos uploaded: send them in parts named photos[]',
      tooMany: `Batch size exceeds maximum of ${MAX_BATCH_PHOTOS} photos`,
    },
    take: async (part) => {
      const id = randomUUID();
      const receivedAt = new Date();
      const key = photoKey(ownerId, id, cleanFileName(part.filename));
      try {
        const photo = await storePhoto(part, id, { store, key, maxBytes: env.MAX_PHOTO_BYTES });
        return { ...photo, receivedAt };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const { code, message } = error;
        return { id, filename: cleanFileName(part.filename), refusal: { code, message }, receivedAt };
      }
    },
    giveBack: (photo) => ('key' in photo ? store.remove(photo.key) : Promise.resolve()),
  });
  return { photos, fields };
}

/**
 * Streams one photo in each of these parts into the store. When this rejects, nothing is left there.
 * @throws ApiError 400 | 413 | 415
 */
export async function receiveEach<Name extends string>(
  req: Request,
  res: Response,
  { store, env }: Target,
  names: readonly [Name, ...Name[]],
  keyOf: (id: string, filename: string) => string,
): Promise<{ photos: Record<Name, StoredPhoto>; fields: Record<string, unknown> }> {
  const { files, inOrder, fields }: ReceivedForm<StoredPhoto> = await receiveForm(req, res, {
    fileParts: names,
    maxBytes: names.length * env.MAX_PHOTO_BYTES,
    take: (part) => {
      const id = randomUUID();
      const key = keyOf(id, cleanFileName(part.filename));
      return storePhoto(part, id, { store, key, maxBytes: env.MAX_PHOTO_BYTES });
    },
    giveBack: ({ key }) => store.remove(key),
  });
  const missing = names.find((name) => !files.has(name));
  if (missing !== undefined) {
    await Promise.all(inOrder.map(({ key }) => store.remove(key)));
    throw new ApiError(400, 'missing_file', `No file was submitted: expected a part named ${missing}`);
  }
  return { photos: Object.fromEntries(files) as Record<Name, StoredPhoto>, fields };
}

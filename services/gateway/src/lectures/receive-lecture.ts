import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '@mediaworks/storage';
import type { Request, Response } from 'express';
import { waitForStore } from '../forms/limit-body.ts';
import { receiveForm } from '../forms/receive-form.ts';
import { storeSubtitle } from './store-subtitle.ts';
import { type StoredVideo, storeVideo } from './store-video.ts';

export interface ReceivedLecture {
  /** The lecture's id-to-be: what was stored lies under it. */
  id: string;
  video: StoredVideo;
  subtitleKey: string | undefined;
  /** The other parts of the form, not checked yet. */
  fields: Record<string, unknown>;
}

type Taken = { video: StoredVideo } | { subtitleKey: string | undefined };

/**
 * Streams a form's `file`, and its `subtitle` where there is one, into the store. When this rejects, nothing is left.
 * @throws ApiError 400 | 413 | 415
 */
export async function receiveLecture(
  req: Request,
  res: Response,
  { store, maxBytes }: { store: ObjectStore; maxBytes: number },
): Promise<ReceivedLecture> {
  const id = randomUUID();
  req.once('end', () => waitForStore(res));
  const { files, fields } = await receiveForm<Taken>(req, res, {
    fileParts: ['file', 'subtitle'],
    maxBytes,
    take: async ({ name, filename, body }) =>
      name === 'file'
        ? { video: await storeVideo(store, { id, name: filename, body, maxBytes }) }
        : { subtitleKey: await storeSubtitle(store, { id, name: filename, body }) },
    giveBack: async (taken) => {
      const key = 'video' in taken ? taken.video.key : taken.subtitleKey;
      if (key !== undefined) await store.remove(key);
    },
  });
  const file = files.get('file');
  const subtitle = files.get('subtitle');
  if (!file || !('video' in file)) throw new Error('the form has no file after all');
  return {
    id,
    video: file.video,
    subtitleKey: subtitle && 'subtitleKey' in subtitle ? subtitle.subtitleKey : undefined,
    fields,
  };
}

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { errorFields } from '@mediaworks/runtime';
import { type ObjectStore, StorageError } from '@mediaworks/storage';
import { ApiError } from '../api-error.ts';
import type { GatewayDeps } from '../deps.ts';
import { removeAll } from './remove-all.ts';
import {
  addPart,
  dropHold,
  findStaged,
  forgetParts,
  keepHold,
  knownParts,
  listParts,
  type Part,
  settle,
  type StagedUpload,
  takeHold,
} from './queries.ts';

/** Most bytes of one chunk, and of one tus part. */
export const MAX_CHUNK_BYTES = 128 * 2 ** 20;
const MAX_PARTS = 20_000;
/** What an owner may have lying around unfinished, in largest uploads. */
const UPLOADS_AHEAD = 4;
const KEEP_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 250;
/** What is wrong with the bytes themselves, and stays so. */
const FOR_GOOD = new Set([400, 413, 415, 422]);

/** A part of an upload, in the store. */
export interface Piece {
  key: string;
  /** Bytes. */
  size: number;
}

/** Makes something of an upload that is whole, and says so to {@link settle} in the transaction that writes it. */
export type Finish = (upload: StagedUpload, body: Readable) => Promise<void>;

/**
 * Where uploads that come in pieces lie until they are whole: pieces as objects of their own, what they belong to in the
 * database, so that any gateway takes any piece.
 */
export function createStaging(deps: Pick<GatewayDeps, 'db' | 'store' | 'log' | 'env' | 'closing'>) {
  const { db, store, log, env } = deps;
  const limits = {
    uploadBytes: env.MAX_LECTURE_BYTES,
    ownerBytes: UPLOADS_AHEAD * env.MAX_LECTURE_BYTES,
    parts: MAX_PARTS,
  };
  const finishing = new Map<string, Promise<StagedUpload>>();

  const remove = async (keys: readonly string[]) => {
    const left = await removeAll(store, keys);
    if (left > 0) log.warn('pieces of an upload stay until the nightly cleanup', { left });
  };

  /** A write that broke at its very end may have been written all the same. */
  const takeBack = async (key: string) => {
    try {
      if (!(await knownParts(db, [key])).has(key)) await store.remove(key);
    } catch (error) {
      log.warn('a piece of an upload stays until the nightly cleanup', { key, ...errorFields(error) });
    }
  };

  const stage = async (ownerId: number, body: Readable | Uint8Array): Promise<Piece> => {
    // A key of its own: whoever is reading the piece that this one replaces is not disturbed.
    const key = `chunks/${ownerId}/${randomUUID()}`;
    try {
      const { size } = await store.put(key, body, { maxBytes: MAX_CHUNK_BYTES });
      return { key, size };
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'too_large') throw error;
      throw new ApiError(413, 'too_large', `A chunk may have ${MAX_CHUNK_BYTES} bytes`, { cause: error });
    }
  };

  const place = async (uploadId: string, position: number, piece: Piece, append: boolean): Promise<void> => {
    const part = { position, size: piece.size, object_key: piece.key };
    const outcome = await addPart(db, uploadId, part, { append, limits }).catch(async (error: unknown) => {
      await takeBack(piece.key);
      throw error;
    });
    if (outcome.added) {
      if (outcome.replaced !== undefined) await remove([outcome.replaced]);
      return;
    }
    await remove([piece.key]);
    if (outcome.why === 'full') throw full(limits.uploadBytes);
    // A chunk that comes once more, when all were there already, is as good as stored; what must fit is not.
    if (append) throw new ApiError(409, 'offset_conflict', 'The upload does not end there');
  };

  const finishOnce = async (id: string, finish: Finish): Promise<StagedUpload> => {
    const find = async () => {
      const upload = await findStaged(db, id, undefined);
      if (!upload) throw new ApiError(404, 'not_found', 'There is no such upload');
      return upload;
    };
    for (;;) {
      const upload = await find();
      if (upload.finished_at) return upload;
      if (await takeHold(db, id)) break;
      await wait(LOOK_EVERY_MS, undefined, { signal: deps.closing });
    }
    const keeping = setInterval(() => {
      keepHold(db, id).catch((error: unknown) =>
        log.warn('an upload may be lost hold of', errorFields(error)),
      );
    }, KEEP_EVERY_MS);
    const body = bytesOf(store, await listParts(db, id));
    try {
      await finish(await find(), body);
      await remove(await forgetParts(db, id));
    } catch (error) {
      if (error instanceof ApiError && FOR_GOOD.has(error.status)) {
        const { status, code, message } = error;
        await settle(db, id, { refusal: { status, code, message } });
        await remove(await forgetParts(db, id));
      }
      throw error;
    } finally {
      body.destroy();
      clearInterval(keeping);
      await dropHold(db, id).catch((error: unknown) => log.warn('an upload stays held', errorFields(error)));
    }
    return find();
  };

  return {
    /** Stores a piece, of no upload yet. @throws ApiError 413 */
    stage,
    /** Makes it the chunk of this number, in place of any other. @throws ApiError 413; the piece is gone then */
    replace: (uploadId: string, position: number, piece: Piece) => place(uploadId, position, piece, false),
    /** Makes it what follows `offset`. @throws ApiError 409 when the upload does not end there, 413 */
    append: (uploadId: string, offset: number, piece: Piece) => place(uploadId, offset, piece, true),
    /**
     * Makes something of an upload that is whole: once, whoever asks and however often. What refuses it, refuses it for
     * good; after any other failure it can be asked again.
     * @throws ApiError 404, and what `finish` throws
     */
    finish: (id: string, finish: Finish): Promise<StagedUpload> => {
      const running = finishing.get(id) ?? finishOnce(id, finish).finally(() => finishing.delete(id));
      finishing.set(id, running);
      return running;
    },
    remove,
  };
}

export type Staging = ReturnType<typeof createStaging>;

/** The pieces, one after the other, in bounded memory. */
function bytesOf(store: ObjectStore, parts: readonly Part[]): Readable {
  const read = async function* () {
    for (const { object_key } of parts) yield* (await store.get(object_key)) as AsyncIterable<Buffer>;
  };
  return Readable.from(read(), { objectMode: false });
}

const full = (bytes: number) =>
  new ApiError(
    413,
    'too_large',
    `All pieces together may have ${bytes} bytes, and four such uploads may be open`,
  );

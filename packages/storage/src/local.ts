import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { checkRange, outside } from './byte-range.ts';
import { errorCode } from '@mediaworks/runtime';
import type { CommitThread } from './local-commit-thread.ts';
import { onDisk } from './local-errors.ts';
import { lentPathOf, pathOf } from './local-folder.ts';
import { listKeys } from './local-list.ts';
import { openLocalObjects } from './local-objects.ts';
import { createWriting, hashOf, READ_BYTES } from './local-write.ts';
import type { WriteThread } from './local-write-thread.ts';
import { checkKey } from './object-key.ts';
import type { ObjectStore, PutOptions } from './object-store.ts';
import { checkSize, DEFAULT_CONTENT_TYPE } from './put-checks.ts';
import { discard } from './read-body.ts';
import { signPath } from './signed-url.ts';

/** As many bytes as are handed on as they are. */
const FEW_BYTES = 2 ** 20;

export interface LocalStoreOptions {
  /** Folder of the objects, made when missing. Objects lie at their keys; our own files under `.mediaworks`. */
  root: string;
  /** At least 32 bytes; signs the addresses. */
  signingKey: string;
  /** What the gateway's `/files/` is reached under; without it, addresses are relative. */
  publicBaseUrl?: string | undefined;
  /** Makes objects of files; by default one is started when several are to be made at a time. */
  commitThread?: CommitThread | undefined;
  /** Writes large files; by default one is started when several are to be written at a time. */
  writeThread?: WriteThread | undefined;
}

/**
 * Objects as plain files. A put writes beside, hashes on the way, syncs, and renames: a reader, and a crash, see the
 * old object or the new one. Links are never followed, neither in the key's folders nor at its end. Any number of
 * processes may share the folder.
 */
export function createLocalStore(options: LocalStoreOptions): ObjectStore {
  const objects = openLocalObjects(options.root, options.commitThread);
  const writeTo = createWriting(options.writeThread);
  const clone = createCloning();

  return {
    put: async (key, body, settings = {}) => {
      try {
        return await objects.publish(key, settings, async (temp) => {
          if (body instanceof Uint8Array && body.length <= FEW_BYTES) return small(body, settings);
          return described(await writeTo(temp, body, settings), settings);
        });
      } catch (error) {
        discard(body);
        throw error;
      }
    },

    putFile: (key, path, settings = {}) =>
      objects.publish(key, settings, async (temp) => {
        const source = await open(path, 'r');
        try {
          checkSize((await source.stat()).size, settings);
          // The clone is hashed and not the source, which may change meanwhile.
          const isCloned = await clone(source, path, temp);
          const sha256 = isCloned
            ? await hashOfFile(temp, settings.signal)
            : await writeTo(temp, readAll(source), settings);
          return described(sha256, settings);
        } finally {
          await source.close();
        }
      }),

    get: async (key, { range, signal } = {}) => {
      if (range) checkRange(range);
      const handle = await objects.open(key);
      try {
        signal?.throwIfAborted();
        if (range && range.start >= (await onDisk(handle.stat())).size) throw outside();
        return handle.createReadStream({
          highWaterMark: READ_BYTES,
          ...(range ? { start: range.start, end: range.end } : { start: 0 }),
          ...(signal ? { signal } : {}),
        });
      } catch (error) {
        await handle.close();
        throw error;
      }
    },

    /** Never under a name of its own, as a hard link: whoever wrote to that would write to the object. */
    withFile: async (key, scratch, use, { signal } = {}) => {
      const handle = await objects.open(key);
      try {
        signal?.throwIfAborted();
        const own = lentPathOf(handle);
        if (own !== undefined) return await use(own);
        const copy = scratch();
        await copyTo(copy, handle, signal);
        return await use(copy).finally(() => rm(copy, { force: true }));
      } finally {
        await handle.close();
      }
    },

    head: (key) => objects.head(key),

    list: async function* (prefix) {
      yield* listKeys(await objects.root(), prefix);
    },

    copy: async (from, to) => {
      checkKey(to);
      const { handle, head } = await objects.openDescribed(from);
      try {
        const settings = { contentType: head.contentType, expectedSha256: head.sha256 };
        return await objects.publish(to, settings, async (temp) => {
          // A clone shares the very blocks; a copy is hashed again.
          const isCloned = await clone(handle, undefined, temp);
          return described(isCloned ? head.sha256 : await writeTo(temp, readAll(handle), {}), settings);
        });
      } finally {
        await handle.close();
      }
    },

    remove: (key) => objects.remove(key),

    signedUrl: (key, settings) => {
      const base = options.publicBaseUrl?.replace(/\/+$/, '') ?? '';
      return new Promise((resolve) =>
        resolve(`${base}${signPath(checkKey(key), settings, options.signingKey)}`),
      );
    },

    check: () => objects.check(),
  };
}

/** Bytes that are not worth a stream. @throws StorageError `too_large` */
function small(bytes: Uint8Array, settings: PutOptions) {
  checkSize(bytes.length, settings);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes, ...described(sha256, settings) };
}

function described(sha256: string, { contentType = DEFAULT_CONTENT_TYPE }: PutOptions) {
  return { sha256, contentType };
}

async function hashOfFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  const handle = await onDisk(open(path, 'r'));
  try {
    return await hashOf(handle, signal);
  } finally {
    await handle.close();
  }
}

/**
 * Makes another file with the same blocks, which are copied when either is written to; false where there is no such
 * thing. A file system that has none is asked once.
 */
function createCloning() {
  let possible = true;
  return async (source: FileHandle, path: string | undefined, target: string) => {
    const from = pathOf(source) ?? path;
    if (!possible || from === undefined) return false;
    try {
      await copyFile(from, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') throw error;
      if (errorCode(error) === 'ENOTSUP') possible = false;
      // Other reasons than "not here" come back when the file is copied.
      return false;
    }
    const handle = await open(target, 'r+');
    try {
      // The clone has the source's permissions, which may shut out the other processes.
      await handle.chmod(0o644);
      await handle.datasync();
      return true;
    } finally {
      await handle.close();
    }
  };
}

function readAll(handle: FileHandle) {
  return handle.createReadStream({ start: 0, autoClose: false, highWaterMark: READ_BYTES });
}

/** @throws the system's EEXIST; leaves nothing behind when it fails */
async function copyTo(path: string, source: FileHandle, signal: AbortSignal | undefined): Promise<void> {
  const target = await open(path, 'wx');
  try {
    await pipeline(readAll(source), target.createWriteStream(), { ...(signal ? { signal } : {}) });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

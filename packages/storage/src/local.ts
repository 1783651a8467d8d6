import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, type FileHandle, mkdir, open, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { errorCode } from '@mediaworks/runtime';
import { createSidecars, type Details } from './local-sidecars.ts';
import { hashing, writeTo } from './local-write.ts';
import { checkKey } from './object-key.ts';
import { type ObjectHead, type ObjectStore, type PutOptions, StorageError } from './object-store.ts';
import { signPath } from './signed-url.ts';

export interface LocalStoreOptions {
  /** Folder of the objects, made when missing. Objects lie at their keys; our own files under `.mediaworks`. */
  root: string;
  /** At least 32 bytes; signs the addresses. */
  signingKey: string;
  /** What the gateway's `/files/` is reached under; without it, addresses are relative. */
  publicBaseUrl?: string | undefined;
}

/** Where temporary files and sidecars lie; no object can be called so. */
const OWN = '.mediaworks';
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Objects as plain files. A put writes beside, hashes on the way, syncs, and renames: a reader, and a crash, see the
 * old object or the new one. Links are never followed, neither in the key's folders nor at its end.
 */
export function createLocalStore(options: LocalStoreOptions): ObjectStore {
  const temporary = join(options.root, OWN, 'tmp');
  const sidecars = createSidecars(join(options.root, OWN, 'meta'));
  let prepared: Promise<string> | undefined;
  const prepare = () => {
    prepared ??= (async () => {
      await mkdir(temporary, { recursive: true });
      await sweepAbandoned(temporary);
      return realpath(options.root);
    })().catch((error: unknown) => {
      prepared = undefined;
      throw asStorageError(error);
    });
    return prepared;
  };

  /** The object's path, when no folder on the way is a link. */
  const locate = async (key: string): Promise<string> => {
    const root = await prepare();
    if (checkKey(key).split('/')[0] === OWN) throw new StorageError('invalid_key', 'This key is reserved');
    const path = join(root, key);
    const folder = await realpath(dirname(path)).catch((error: unknown) => {
      if (isAbsent(error)) return dirname(path);
      throw error;
    });
    if (folder !== dirname(path)) throw new StorageError('invalid_key', 'This key leads through a link');
    return path;
  };

  const openObject = async (key: string): Promise<FileHandle> => {
    const path = await locate(key);
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      (error: unknown) => {
        if (isAbsent(error) || errorCode(error) === 'EISDIR') throw notFound();
        if (errorCode(error) === 'ELOOP') throw new StorageError('invalid_key', 'This key leads through a link');
        throw asStorageError(error);
      },
    );
    const { isFile } = await handle.stat().then((stats) => ({ isFile: stats.isFile() }));
    if (isFile) return handle;
    await handle.close();
    throw notFound();
  };

  const headOf = async (key: string, handle: FileHandle): Promise<ObjectHead> => {
    const stats = await handle.stat({ bigint: true });
    const details = await sidecars.read(key, stats, async () => {
      const hash = hashing();
      for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) hash.update(chunk as Buffer);
      return hash.digest('hex');
    });
    return { key, size: Number(stats.size), modifiedAt: stats.mtime, ...details };
  };

  /** Publishes a finished temporary file under the key. The rename is the moment it counts. */
  const publish = async (
    key: string,
    path: string,
    temp: string,
    handle: FileHandle,
    details: Details,
  ): Promise<ObjectHead> => {
    await handle.datasync();
    const stats = await handle.stat({ bigint: true });
    await sidecars.write(key, stats, details);
    for (let tries = 1; ; tries++) {
      try {
        await mkdir(dirname(path), { recursive: true });
        await locate(key);
        await rename(temp, path);
        break;
      } catch (error) {
        // A removal may have pruned the folder in between.
        if (errorCode(error) !== 'ENOENT' || tries === 5) throw error;
      }
    }
    await syncFolder(dirname(path));
    await sidecars.removeOthers(key, stats);
    return { key, size: Number(stats.size), modifiedAt: stats.mtime, ...details };
  };

  /** Gives `fill` a temporary file that is gone when anything goes wrong. */
  const putWith = async (
    key: string,
    settings: PutOptions,
    fill: (temp: string) => Promise<{ handle: FileHandle; sha256: string }>,
  ): Promise<ObjectHead> => {
    const path = await locate(key);
    const temp = join(temporary, randomUUID());
    let handle: FileHandle | undefined;
    try {
      settings.signal?.throwIfAborted();
      const filled = await fill(temp);
      handle = filled.handle;
      settings.signal?.throwIfAborted();
      if (settings.expectedSha256 !== undefined && settings.expectedSha256 !== filled.sha256) {
        throw new StorageError('checksum_mismatch', 'The bytes are not the expected ones');
      }
      const contentType = settings.contentType ?? 'application/octet-stream';
      return await publish(key, path, temp, handle, { sha256: filled.sha256, contentType });
    } catch (error) {
      await rm(temp, { force: true });
      throw asStorageError(error);
    } finally {
      await handle?.close();
    }
  };

  const store: ObjectStore = {
    put: (key, body, settings = {}) =>
      putWith(key, settings, async (temp) => {
        const handle = await open(temp, 'wx', 0o644);
        try {
          return { handle, sha256: await writeTo(handle, body, settings) };
        } catch (error) {
          await handle.close();
          throw error;
        }
      }),
    putFile: (key, path, settings = {}) =>
      putWith(key, settings, async (temp) => {
        const { size } = await stat(path);
        if (settings.maxBytes !== undefined && size > settings.maxBytes) throw tooLarge();
        await copyFile(path, temp, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
        const handle = await open(temp, 'r+');
        try {
          const hash = hashing();
          for await (const chunk of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 18 })) {
            settings.signal?.throwIfAborted();
            hash.update(chunk as Buffer);
          }
          return { handle, sha256: hash.digest('hex') };
        } catch (error) {
          await handle.close();
          throw error;
        }
      }),
    get: async (key, { range, signal } = {}) => {
      const handle = await openObject(key);
      try {
        signal?.throwIfAborted();
        const { size } = await handle.stat();
        if (range && (range.start < 0 || range.end < range.start || range.start >= size)) {
          throw new StorageError('invalid_range', 'The object has no such bytes');
        }
        return handle.createReadStream({
          highWaterMark: 2 ** 18,
          ...(range ? { start: range.start, end: range.end } : { start: 0 }),
          ...(signal ? { signal } : {}),
        }) as Readable;
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    /** A clone where the file system has them; never a link, so that what is done to the copy is not done to the object. */
    getFile: async (key, path, { signal } = {}) => {
      const handle = await openObject(key);
      try {
        signal?.throwIfAborted();
        const head = await headOf(key, handle);
        await copyFile(await locate(key), path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
        return head;
      } catch (error) {
        throw asStorageError(error);
      } finally {
        await handle.close();
      }
    },
    head: async (key) => {
      try {
        const handle = await openObject(key);
        return await headOf(key, handle).finally(() => handle.close());
      } catch (error) {
        if (error instanceof StorageError && error.code === 'not_found') return undefined;
        throw error;
      }
    },
    list: async function* (prefix) {
      const root = await prepare();
      yield* walk(root, '', prefix);
    },
    copy: async (from, to) => {
      const handle = await openObject(from);
      try {
        const { contentType, sha256 } = await headOf(from, handle);
        const body = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 18 });
        return await store.put(to, body, { contentType, expectedSha256: sha256 });
      } finally {
        await handle.close();
      }
    },
    remove: async (key) => {
      const path = await locate(key);
      await rm(path).catch((error: unknown) => {
        if (!isAbsent(error) && errorCode(error) !== 'ERR_FS_EISDIR') throw asStorageError(error);
      });
      await sidecars.removeAll(key);
      await prune(dirname(path), await prepare());
    },
    signedUrl: (key, settings) => {
      const path = signPath(checkKey(key), settings, options.signingKey);
      return Promise.resolve(`${options.publicBaseUrl?.replace(/\/+$/, '') ?? ''}${path}`);
    },
    check: async () => {
      await prepare();
      await access(temporary, constants.W_OK).catch((error: unknown) => {
        throw asStorageError(error);
      });
    },
  };
  return store;
}

/** Files in byte order of their keys: a folder sorts as its name with the slash. One folder's names are held at a time. */
async function* walk(folder: string, at: string, prefix: string): AsyncGenerator<{ key: string; size: number }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw asStorageError(error);
  });
  const named = entries
    .filter((entry) => (entry.isFile() || entry.isDirectory()) && !(at === '' && entry.name === OWN))
    .map((entry) => ({ entry, key: `${at}${entry.name}${entry.isDirectory() ? '/' : ''}` }))
    .filter(({ entry, key }) => key.startsWith(prefix) || (entry.isDirectory() && prefix.startsWith(key)))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  for (const { entry, key } of named) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* walk(path, key, prefix);
      continue;
    }
    const stats = await stat(path).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw asStorageError(error);
    });
    if (stats) yield { key, size: stats.size };
  }
}

/** Removes empty folders up to the root. */
async function prune(folder: string, root: string): Promise<void> {
  for (let at = folder; at.startsWith(`${root}/`); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return; // Not empty, or gone already.
    }
  }
}

/** What a killed process left half written. */
async function sweepAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const stats = await stat(path).catch(() => null);
    if (stats && Date.now() - stats.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
}

function notFound(): StorageError {
  return new StorageError('not_found', 'There is no such object');
}

function tooLarge(): StorageError {
  return new StorageError('too_large', 'The object is longer than it may be');
}

/** System errors as codes; what a source stream or a signal threw stays as it is. */
function asStorageError(error: unknown): unknown {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StorageError('no_space', 'The object store is full', { cause: error });
  }
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'ENOTEMPTY') {
    return new StorageError('invalid_key', 'Another object is in the way of this key', { cause: error });
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EIO') {
    return new StorageError('unavailable', 'The object store can not be used', { cause: error });
  }
  return error;
}


import { type BigIntStats, constants } from 'node:fs';
import {
  access,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rm,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '@mediaworks/runtime';
import { createCommits } from './local-commit.ts';
import type { CommitThread } from './local-commit-thread.ts';
import { asStorageError, isAbsent, onDisk } from './local-errors.ts';
import { openFile, openFolder } from './local-folder.ts';
import { createFolderPool } from './local-folder-pool.ts';
import type { Details, FileStats } from './local-sidecar-name.ts';
import { createSidecars } from './local-sidecars.ts';
import { hashOf } from './local-write.ts';
import { checkKey, OWN_FOLDER } from './object-key.ts';
import { type ObjectHead, type PutOptions, StorageError } from './object-store.ts';
import { checkContentType, checkHash, DEFAULT_CONTENT_TYPE, notFound } from './put-checks.ts';

const ABANDONED_MS = 24 * 3_600_000;
/** How often something may be replaced or removed under our hands before we give up. */
const TRIES = 20;

/** What an object is to be: of these bytes, or of those in the temporary file, which has been synced. */
export type Filled = Details & { readonly bytes?: Uint8Array };

/** The files under a root folder, each with its details. */
export function openLocalObjects(givenRoot: string, commitThread?: CommitThread) {
  let prepared: Promise<string> | undefined;
  const root = () => {
    prepared ??= onDisk(prepare(givenRoot)).catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };
  const own = join(givenRoot, OWN_FOLDER);
  const temporary = join(own, 'tmp');
  const folders = createFolderPool();
  const sidecars = createSidecars(join(own, 'meta'), folders, (id) => exists(join(temporary, id)));

  const prepare = async (folder: string): Promise<string> => {
    await mkdir(temporary, { recursive: true });
    await mkdir(join(own, 'meta'), { recursive: true });
    // The root may be a link, and often is; what we keep inside may not.
    const real = await realpath(folder);
    for (const mine of [temporary, join(own, 'meta')]) {
      if ((await realpath(mine)) !== join(real, mine.slice(folder.length))) {
        throw new StorageError('unavailable', `${OWN_FOLDER} of the object store leads through a link`);
      }
    }
    await sweepAbandoned();
    return real;
  };

  /** What killed processes left half written. */
  const sweepAbandoned = async () => {
    for (const id of await readdir(temporary)) {
      const stats = await stat(join(temporary, id)).catch(() => undefined);
      if (!stats || Date.now() - stats.mtimeMs < ABANDONED_MS) continue;
      await rm(join(temporary, id), { force: true });
      await sidecars.forget(id);
    }
  };

  const pathOf = async (key: string) => join(await root(), checkKey(key));

  const openObject = async (key: string): Promise<FileHandle> => {
    const path = await pathOf(key);
    const handle = await openFile(path).catch((error: unknown) => {
      if (isAbsent(error)) throw notFound(error);
      throw asStorageError(error);
    });
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    throw notFound();
  };

  /** What is at the key at this moment. */
  const current = async (path: string): Promise<BigIntStats | undefined> =>
    lstat(path, { bigint: true }).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });

  const tidy = async (key: string, path: string) => {
    // What is left over describes nothing and harms nobody; the object counts already.
    await sidecars.tidy(key, () => current(path)).catch(() => undefined);
  };

  /**
   * Details of a file that nobody described: it was copied here, written to in place, or restored from a backup with a
   * new inode. If one of its old sidecars tells the hash that the bytes have, it tells their type as well.
   */
  const describe = async (
    key: string,
    path: string,
    handle: FileHandle,
    stats: BigIntStats,
  ): Promise<Details> => {
    const sha256 = await hashOf(handle);
    const known = (await sidecars.tell(key)).find((one) => one.sha256 === sha256);
    const details = { sha256, contentType: known?.contentType ?? DEFAULT_CONTENT_TYPE };
    // Only so as not to hash it again; a store that is full or read-only can do without.
    await sidecars.write(sidecars.newId(key), stats, details).catch(() => undefined);
    await tidy(key, path);
    return details;
  };

  const openDescribed = async (key: string): Promise<{ handle: FileHandle; head: ObjectHead }> => {
    const path = await pathOf(key);
    for (let tries = 1; ; tries++) {
      const handle = await openObject(key);
      try {
        const stats = await handle.stat({ bigint: true });
        let details = await sidecars.find(key, stats);
        // A file that was replaced since it was opened has lost its sidecar: then the new one is as good.
        const now = details ? stats : await current(path);
        if (!details && now && same(stats, now)) {
          details = await describe(key, path, handle, stats);
          if (!same(stats, await handle.stat({ bigint: true }))) details = undefined;
        }
        if (details) return { handle, head: headOf(key, stats, details) };
      } catch (error) {
        await handle.close();
        throw asStorageError(error);
      }
      await handle.close();
      if (tries === TRIES)
        throw new StorageError('unavailable', 'The object changes too fast to be described');
    }
  };

  const commit = createCommits(folders, sidecars, current, commitThread);

  return {
    root,
    open: openObject,
    openDescribed,

    async head(key: string): Promise<ObjectHead | undefined> {
      try {
        const { handle, head } = await openDescribed(key);
        await handle.close();
        return head;
      } catch (error) {
        if (error instanceof StorageError && error.code === 'not_found') return undefined;
        throw error;
      }
    },

    /**
     * Publishes what `fill` gives or writes to a temporary file of the same file system, or leaves nothing behind.
     * @throws StorageError, whatever `fill` throws
     */
    async publish(
      key: string,
      settings: PutOptions,
      fill: (temp: string) => Promise<Filled>,
    ): Promise<ObjectHead> {
      const path = await pathOf(key);
      checkContentType(settings);
      settings.signal?.throwIfAborted();
      const id = sidecars.newId(key);
      const temp = join(temporary, id);
      try {
        const { bytes, sha256, contentType } = await fill(temp);
        settings.signal?.throwIfAborted();
        checkHash(sha256, settings.expectedSha256);
        const details = { sha256, contentType };
        const { signal } = settings;
        const made = await commit({ ...details, bytes, id, temp, path, root: await root(), signal });
        // What puts leave that come at once goes with the next one or the removal.
        if (made.replaces) await tidy(key, path);
        return headOf(key, made.stats, details);
      } catch (error) {
        await rm(temp, { force: true });
        await sidecars.forget(id).catch(() => undefined);
        throw error;
      }
    },

    async remove(key: string): Promise<void> {
      const path = await pathOf(key);
      try {
        const folder = await openFolder(dirname(path));
        try {
          await unlink(folder.at(basename(path)));
          await folder.sync();
        } finally {
          await folder.close();
        }
        await pruneFolders(dirname(path), await root());
      } catch (error) {
        // A folder of that name is no object.
        if (!isAbsent(error) && !['EISDIR', 'EPERM'].includes(errorCode(error) ?? ''))
          throw asStorageError(error);
      }
      await tidy(key, path);
    },

    /** Rejects when the store can't be written. */
    async check(): Promise<void> {
      await root();
      const probe = join(temporary, sidecars.newId('check'));
      try {
        await onDisk(access(temporary, constants.W_OK));
        const handle = await onDisk(open(probe, 'wx'));
        await onDisk(handle.writeFile('check').finally(() => handle.close()));
      } finally {
        await rm(probe, { force: true });
      }
    },
  };
}

function headOf(key: string, stats: FileStats & Pick<BigIntStats, 'mtime'>, details: Details): ObjectHead {
  return { key, size: Number(stats.size), modifiedAt: stats.mtime, ...details };
}

function same(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.size === b.size;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Removes folders that became empty, up to the root. */
async function pruneFolders(path: string, root: string): Promise<void> {
  for (let at = path; at !== root; at = dirname(at)) {
    try {
      const parent = await openFolder(dirname(at));
      await rmdir(parent.at(basename(at))).finally(() => parent.close());
    } catch {
      return; // Not empty, or gone already.
    }
  }
}

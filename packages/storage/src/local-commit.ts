import { type BigIntStats } from 'node:fs';
import { type FileHandle, open, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errorCode } from '@mediaworks/runtime';
import { type CommitThread, startCommitThread } from './local-commit-thread.ts';
import { onDisk } from './local-errors.ts';
import type { createFolderPool } from './local-folder-pool.ts';
import type { Details, FileStats } from './local-sidecar-name.ts';
import type { createSidecars } from './local-sidecars.ts';

/** How often a folder may be removed under our hands before we give up. */
const TRIES = 20;

/** Bytes that become an object at a path, by way of a temporary file. */
export interface Commit extends Details {
  /** As they are, or as an open temporary file has them that has been synced. */
  readonly from: { readonly bytes: Uint8Array } | { readonly handle: FileHandle };
  /** Of the put. */
  readonly id: string;
  readonly temp: string;
  readonly path: string;
  /** The store's, which `path` lies under. */
  readonly root: string;
  /** Heard until the object is about to be put in place. */
  readonly signal: AbortSignal | undefined;
}

interface Committed {
  readonly stats: FileStats & Pick<BigIntStats, 'mtime'>;
  /** False where nothing was there before. Of puts that come at once, each may find nothing. */
  readonly replaces: boolean;
}

/**
 * Makes objects of bytes: the sidecar is on the disk before the file is renamed into place, and that before this
 * resolves. Where several are made at a time, a thread makes them; what it can't do is done here, and tells why not.
 */
export function createCommits(
  folders: ReturnType<typeof createFolderPool>,
  sidecars: ReturnType<typeof createSidecars>,
  current: (path: string) => Promise<BigIntStats | undefined>,
  thread?: CommitThread,
) {
  let underWay = 0;

  const commitInThread = async (commit: Commit): Promise<Committed | undefined> => {
    if (underWay > 1) thread ??= startCommitThread();
    const { model } = sidecars;
    if (!thread?.ready || model === undefined) return undefined;
    const { from, id, temp, path, root, sha256, contentType } = commit;
    const sidecarFolder = await sidecars.hold(id);
    try {
      const folder = await folders.hold(dirname(path), root);
      try {
        commit.signal?.throwIfAborted();
        const outcome = await thread.commit({
          ...{ id, temp, model, sha256, contentType, name: basename(path) },
          from: 'bytes' in from ? from : { fd: from.handle.fd },
          sidecars: { fd: sidecarFolder.fd, path: sidecarFolder.path },
          folder: { fd: folder.fd, path: folder.path },
        });
        if ('stats' in outcome) return outcome;
      } finally {
        await folder.close();
      }
    } finally {
      await sidecarFolder.close();
    }
    // What it has left of it is in the way of another try.
    await sidecars.forget(id);
    if ('bytes' in from) await rm(temp, { force: true });
    return undefined;
  };

  /** The rename is the moment that counts. */
  const moveIn = async ({ temp, path, root }: Commit) => {
    for (let tries = 1; ; tries++) {
      const folder = await folders.hold(dirname(path), root);
      try {
        await rename(temp, folder.at(basename(path)));
        await folder.sync();
        return;
      } catch (error) {
        const code = errorCode(error);
        // A removal takes empty folders along: ours, or one that is in the way of the name.
        if (code === 'EISDIR') await rmdir(folder.at(basename(path)));
        else if (code !== 'ENOENT' || tries === TRIES) throw error;
      } finally {
        await folder.close();
      }
    }
  };

  const commitFile = async (commit: Commit, handle: FileHandle): Promise<Committed> => {
    const stats = await onDisk(handle.stat({ bigint: true }));
    await onDisk(sidecars.write(commit.id, stats, commit));
    commit.signal?.throwIfAborted();
    const replaces = (await onDisk(current(commit.path))) !== undefined;
    await onDisk(moveIn(commit));
    return { stats, replaces };
  };

  const commitHere = async (commit: Commit): Promise<Committed> => {
    const { from, temp } = commit;
    if ('handle' in from) return commitFile(commit, from.handle);
    const handle = await onDisk(open(temp, 'wx', 0o644));
    try {
      await onDisk(handle.writeFile(from.bytes));
      await onDisk(handle.datasync());
      return await commitFile(commit, handle);
    } finally {
      await handle.close();
    }
  };

  return async (commit: Commit): Promise<Committed> => {
    underWay++;
    try {
      return (await onDisk(commitInThread(commit))) ?? (await commitHere(commit));
    } finally {
      underWay--;
    }
  };
}

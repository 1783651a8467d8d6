import { type BigIntStats } from 'node:fs';
import { lstat, open, rename, rm, rmdir } from 'node:fs/promises';
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
  /** Undefined where the temporary file has them already, and has been synced. */
  readonly bytes: Uint8Array | undefined;
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
    const { bytes, id, temp, path, root, sha256, contentType } = commit;
    const sidecarFolder = await sidecars.hold(id);
    try {
      const folder = await folders.hold(dirname(path), root);
      try {
        commit.signal?.throwIfAborted();
        const outcome = await thread.commit({
          ...{ bytes, id, temp, model, sha256, contentType, name: basename(path) },
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
    if (bytes) await rm(temp, { force: true });
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

  const commitHere = async (commit: Commit): Promise<Committed> => {
    const { bytes, temp } = commit;
    if (bytes) await onDisk(writeSynced(temp, bytes));
    const stats = await onDisk(lstat(temp, { bigint: true }));
    await onDisk(sidecars.write(commit.id, stats, commit));
    commit.signal?.throwIfAborted();
    const replaces = (await onDisk(current(commit.path))) !== undefined;
    await onDisk(moveIn(commit));
    return { stats, replaces };
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

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o644);
  try {
    await handle.writeFile(bytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

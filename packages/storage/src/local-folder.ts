import { constants, existsSync, readlinkSync } from 'node:fs';
import { type FileHandle, mkdir, open, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '@mediaworks/runtime';
import { throughLink } from './local-errors.ts';

/** A folder that is held open. */
export interface Folder {
  readonly fd: number;
  /** What its entries are reached under. */
  readonly path: string;
  /** The path of an entry by which to work on it. */
  at(name: string): string;
  /** Makes what was added, renamed and removed in it last. */
  sync(): Promise<void>;
  /** False when it is no longer what its path leads to, as far as that can be told without asking the disk. */
  isStillThere(): boolean;
  close(): Promise<void>;
}

/**
 * Opens a folder that is reached through no link. On Linux its entries are then reached through the open folder, so
 * that nobody can put a link into the path between this check and the work; Node has no openat(2). Elsewhere the path
 * is checked, and used as it is.
 * @throws StorageError `invalid_key` for a link; the system's error, ENOENT and ENOTDIR among them
 */
export async function openFolder(path: string): Promise<Folder> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const through = await truePath(handle, path);
    return {
      fd: handle.fd,
      path: through,
      at: (name) => join(through, name),
      sync: () => handle.sync(),
      isStillThere: () => whereIs(handle) === path,
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Opens a folder under `root`, which exists, and makes what is missing of it; what was made lasts. @throws as openFolder */
export async function makeFolder(path: string, root: string): Promise<Folder> {
  // Somebody may remove an empty folder as fast as we make it, but not for ever.
  for (let tries = 1; ; tries++) {
    try {
      return await openFolder(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || path === root || tries > 10) throw error;
    }
    const parent = await makeFolder(dirname(path), root);
    try {
      await mkdir(parent.at(basename(path)));
      await parent.sync();
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' && errorCode(error) !== 'ENOENT') throw error;
    } finally {
      await parent.close();
    }
  }
}

/**
 * Opens a file for reading that is reached through no link and is none.
 * @throws as openFolder; ELOOP for a link at the end
 */
export async function openFile(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK, opening a pipe that somebody made there would wait for its writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await truePath(handle, path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Checks where an open file really is; returns a path to it that no link can bend. */
async function truePath(handle: FileHandle, path: string): Promise<string> {
  const actual = whereIs(handle);
  if (actual === undefined) {
    const resolved = await realpath(path).catch((error: unknown) => {
      // Removed since it was opened, so it was there.
      if (errorCode(error) === 'ENOENT') return path;
      throw error;
    });
    if (resolved !== path) throw throughLink();
    return path;
  }
  // The kernel says so of a file that was replaced since it was opened.
  if (actual !== path && actual !== `${path} (deleted)`) throw throughLink();
  return linkTo(handle);
}

/** The path of an open file by the kernel's own table, which no disk is asked for; undefined where there is none. */
function whereIs(handle: FileHandle): string | undefined {
  try {
    return readlinkSync(linkTo(handle));
  } catch {
    return undefined;
  }
}

function linkTo(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}

/** A path that opens the very file that is open, where the system has one. */
export function pathOf(handle: FileHandle): string | undefined {
  return process.platform === 'linux' ? linkTo(handle) : undefined;
}

/** The same for other processes of this user as well. */
export function lentPathOf(handle: FileHandle): string | undefined {
  const path = `/proc/${process.pid}/fd/${handle.fd}`;
  return existsSync(path) ? path : undefined;
}

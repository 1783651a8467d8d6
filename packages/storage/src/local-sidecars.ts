import { createHash, randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { link, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@mediaworks/runtime';
import { isAbsent } from './local-errors.ts';
import type { Folder } from './local-folder.ts';
import type { createFolderPool } from './local-folder-pool.ts';
import { type Details, detailsIn, idOf, prefixOf, sidecarName } from './local-sidecar-name.ts';

/**
 * Keeps an object's hash and type in the name of an empty file beside the object's own: a name is there whole or not at
 * all, and costs no block. It also holds the inode, time and size of the very file that it describes, and it is on the
 * disk before that file is renamed into place. So a reader that has the file open finds its own sidecar, never the one
 * of the object before or after, wherever a crash falls.
 *
 * Last, the name holds the id of the put that wrote it, which is the name of that put's temporary file: while that one
 * is there, the put is under way, and its sidecar is not to be tidied away.
 */
export function createSidecars(
  root: string,
  folders: ReturnType<typeof createFolderPool>,
  isUnderWay: (id: string) => Promise<boolean>,
) {
  const folderOf = (name: string) => join(root, name.slice(0, 2));

  /**
   * The sidecar of ours that the next ones are links to: all of them are the same empty file, and to find a place for a
   * new one is most of what a sidecar costs some disks. Null where there are no links.
   */
  let model: string | null | undefined;
  const makeEmpty = async (path: string, lasting: string): Promise<void> => {
    if (typeof model === 'string') {
      try {
        await link(model, path);
        return;
      } catch (error) {
        const code = errorCode(error) ?? '';
        if (code === 'EEXIST') throw error;
        // It went with its object, or has as many names as a file may have.
        model = ['ENOENT', 'EMLINK'].includes(code) ? undefined : null;
      }
    }
    const handle = await open(path, 'wx', 0o644);
    await handle.close();
    if (model === undefined) model = lasting;
  };

  const namesOf = async (folder: string, of: string): Promise<string[]> => {
    const names = await readdir(folder).catch((error: unknown) => {
      if (isAbsent(error)) return [];
      throw error;
    });
    return names.filter((name) => name.startsWith(of));
  };

  return {
    /** A new id for a put, good as a file name. */
    newId: (key: string): string => `${hashed(key)}.${randomBytes(8).toString('hex')}`,

    /** What a new sidecar may be a link to, once there is one. */
    get model(): string | undefined {
      return model ?? undefined;
    },

    /** The folder of what the put with this id writes, held open. */
    hold: (id: string): Promise<Folder> => folders.hold(folderOf(id), root),

    /** Writes what describes the file of these stats; it lasts when this resolves. */
    async write(id: string, stats: BigIntStats, value: Details): Promise<void> {
      const folder = await folders.hold(folderOf(id), root);
      try {
        const name = sidecarName(id, stats, value);
        await makeEmpty(folder.at(name), join(folderOf(id), name));
        await folder.sync();
      } finally {
        await folder.close();
      }
    },

    /** What describes the file of these stats. */
    async find(key: string, stats: BigIntStats): Promise<Details | undefined> {
      const name = hashed(key);
      const names = await namesOf(folderOf(name), prefixOf(name, stats));
      // One that lost its details may lie beside the one that was written in its place.
      return names.map(detailsIn).find((details) => details !== undefined);
    },

    /** Everything that is told about files under this key, true of the one that is there or not. */
    async tell(key: string): Promise<Details[]> {
      const name = hashed(key);
      return (await namesOf(folderOf(name), `${name}.`)).map(detailsIn).filter((one) => one !== undefined);
    },

    /** Forgets what describes neither the file that is there nor one that is on its way. */
    async tidy(key: string, current: () => Promise<BigIntStats | undefined>): Promise<void> {
      const name = hashed(key);
      const folder = folderOf(name);
      for (const one of await namesOf(folder, `${name}.`)) {
        // In this order: a put that ends in between is then seen as the file that is there.
        if (await isUnderWay(idOf(one))) continue;
        const stats = await current();
        if (stats && one.startsWith(prefixOf(name, stats))) continue;
        await rm(join(folder, one), { force: true });
      }
    },

    /** Forgets what one put wrote. */
    async forget(id: string): Promise<void> {
      const folder = folderOf(id);
      for (const one of await namesOf(folder, id.split('.')[0] ?? id)) {
        if (idOf(one) === id) await rm(join(folder, one), { force: true });
      }
    },
  };
}

/** 128 bits: two keys never share one. In letters of one case, since some disks know no other. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

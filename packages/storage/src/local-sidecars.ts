import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isAbsent } from './local-errors.ts';
import { makeFolder } from './local-folder.ts';

const details = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), contentType: z.string() });

/** What the file itself does not tell. */
export type Details = z.infer<typeof details>;

/**
 * Keeps an object's hash and type in a file beside the object's own. A sidecar's name holds the inode, time and size of
 * the very file that it describes, and it is on the disk before that file is renamed into place. So a reader that has
 * the file open finds its own sidecar, never the one of the object before or after, wherever a crash falls.
 *
 * The name also holds the id of the put that wrote it, which is the name of that put's temporary file: while that one
 * is there, the put is under way, and its sidecar is not to be tidied away.
 */
export function createSidecars(root: string, isUnderWay: (id: string) => Promise<boolean>) {
  const folderOf = (name: string) => join(root, name.slice(0, 2), name.slice(2, 4));

  const namesOf = async (folder: string, of: string): Promise<string[]> => {
    const names = await readdir(folder).catch((error: unknown) => {
      if (isAbsent(error)) return [];
      throw error;
    });
    return names.filter((name) => name.startsWith(of));
  };

  const readOne = async (path: string): Promise<Details | undefined> => {
    // It may be tidied away at any moment, and a crash may have left half of it.
    const text = await readFile(path, 'utf8').catch(() => '');
    return details.safeParse(parse(text)).data;
  };

  return {
    /** A new id for a put, good as a file name. */
    newId: (key: string): string => `${hashed(key)}.${randomUUID()}`,

    /** Writes what describes the file of these stats; it lasts when this resolves. */
    async write(id: string, stats: BigIntStats, value: Details): Promise<void> {
      const folder = await makeFolder(folderOf(id), root);
      try {
        const handle = await open(folder.at(nameOf(id, stats)), 'wx', 0o644);
        try {
          await handle.writeFile(JSON.stringify(value));
          await handle.datasync();
        } finally {
          await handle.close();
        }
        await folder.sync();
      } finally {
        await folder.close();
      }
    },

    /** What describes the file of these stats. */
    async find(key: string, stats: BigIntStats): Promise<Details | undefined> {
      const name = hashed(key);
      const folder = folderOf(name);
      for (const one of await namesOf(folder, prefixOf(name, stats))) {
        const found = await readOne(join(folder, one));
        if (found) return found;
      }
      return undefined;
    },

    /** Everything that is told about files under this key, true of the one that is there or not. */
    async tell(key: string): Promise<Details[]> {
      const name = hashed(key);
      const folder = folderOf(name);
      const all = await Promise.all((await namesOf(folder, name)).map((one) => readOne(join(folder, one))));
      return all.filter((one) => one !== undefined);
    },

    /** Forgets what describes neither the file that is there nor one that is on its way. */
    async tidy(key: string, current: () => Promise<BigIntStats | undefined>): Promise<void> {
      const name = hashed(key);
      const folder = folderOf(name);
      for (const one of await namesOf(folder, name)) {
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

/** 168 bits: two keys never share one. In letters of one case, since some disks know no other. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 42);
}

function prefixOf(name: string, { ino, mtimeNs, size }: BigIntStats): string {
  return `${name}.${ino}-${mtimeNs}-${size}.`;
}

function nameOf(id: string, stats: BigIntStats): string {
  const [name = '', put = ''] = id.split('.');
  return `${prefixOf(name, stats)}${put}`;
}

function idOf(sidecar: string): string {
  const [name = '', , put = ''] = sidecar.split('.');
  return `${name}.${put}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

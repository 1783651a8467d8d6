import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '@mediaworks/runtime';
import { z } from 'zod';

const details = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), contentType: z.string() });

/** What the file itself does not tell. */
export type Details = z.infer<typeof details>;

/**
 * Keeps an object's hash and type beside it. A sidecar's name holds the inode and the time of the very file that it
 * describes, and it is written before that file is renamed into place: a reader that sees the file finds its own
 * sidecar, never the one of the object before or after, wherever a crash falls. A file that has none (somebody copied
 * it there) is hashed when it is first asked for.
 */
export function createSidecars(root: string) {
  const folderOf = (key: string) => {
    const name = createHash('sha256').update(key).digest('hex');
    return join(root, name.slice(0, 2), name.slice(2));
  };
  const fileOf = (key: string, stats: BigIntStats) =>
    join(folderOf(key), `${stats.ino}-${stats.mtimeNs}-${stats.size}.json`);

  const write = async (key: string, stats: BigIntStats, value: Details) => {
    const path = fileOf(key, stats);
    const temp = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(temp, 'wx');
    try {
      await handle.writeFile(JSON.stringify(value));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temp, path);
  };

  return {
    write,
    async read(key: string, stats: BigIntStats, hash: () => Promise<string>): Promise<Details> {
      const text = await readFile(fileOf(key, stats), 'utf8').catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return '';
        throw error;
      });
      const parsed = details.safeParse(parse(text));
      if (parsed.success) return parsed.data;
      const value = { sha256: await hash(), contentType: 'application/octet-stream' };
      await write(key, stats, value);
      return value;
    },
    /** Forgets the sidecars of earlier files under this key. */
    async removeOthers(key: string, stats: BigIntStats): Promise<void> {
      const mine = fileOf(key, stats);
      const names = await readdir(folderOf(key));
      for (const name of names) {
        const path = join(folderOf(key), name);
        if (path !== mine && name.endsWith('.json')) await rm(path, { force: true });
      }
    },
    removeAll: (key: string): Promise<void> => rm(folderOf(key), { recursive: true, force: true }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

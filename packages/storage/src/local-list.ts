import type { Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { asStorageError, isAbsent, onDisk } from './local-errors.ts';
import { type Folder, openFolder } from './local-folder.ts';
import { compareKeys, isKey, mayStartKeys } from './object-key.ts';
import { StorageError } from './object-store.ts';

/** How many names of a folder are held; a folder with more is read again for each next so many. */
const PAGE = 10_000;
/** How many files are looked at together. */
const BATCH = 64;

interface Entry {
  name: string;
  /** Ends with `/` for a folder, and so sorts where the folder's keys do. */
  key: string;
}

/** The files under `root` whose keys start with `prefix`, in byte order. Links are passed over. */
export async function* listKeys(root: string, prefix: string): AsyncGenerator<{ key: string; size: number }> {
  if (!mayStartKeys(prefix)) return;
  yield* walk(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix);
}

async function* walk(
  root: string,
  at: string,
  prefix: string,
): AsyncGenerator<{ key: string; size: number }> {
  const folder = await openFolder(join(root, at).replace(/\/$/, '')).catch((error: unknown) => {
    // Removed meanwhile, or a link.
    if (isAbsent(error) || (error instanceof StorageError && error.code === 'invalid_key')) return undefined;
    throw asStorageError(error);
  });
  if (!folder) return;
  try {
    for await (const page of pages(folder, at, prefix)) {
      for (let i = 0; i < page.length; i += BATCH) {
        const batch = page.slice(i, i + BATCH);
        const sizes = await Promise.all(batch.map((entry) => sizeOf(folder, entry)));
        for (const [n, { key }] of batch.entries()) {
          const size = sizes[n];
          if (key.endsWith('/')) yield* walk(root, key, prefix);
          else if (size !== undefined) yield { key, size };
        }
      }
    }
  } finally {
    await folder.close();
  }
}

/** A folder's entries in order. */
async function* pages(folder: Folder, at: string, prefix: string): AsyncGenerator<Entry[]> {
  for (let after = ''; ;) {
    let page: Entry[] = [];
    let end: string | undefined;
    const cut = () => {
      page.sort((a, b) => compareKeys(a.key, b.key));
      if (page.length <= PAGE) return;
      page = page.slice(0, PAGE);
      end = page.at(-1)?.key;
    };
    const folderEntries = await onDisk(opendir(folder.at('.'), { bufferSize: 512 }));
    for await (const dirent of folderEntries) {
      const entry = entryOf(dirent, at, prefix);
      if (!entry || compareKeys(entry.key, after) <= 0) continue;
      if (end !== undefined && compareKeys(entry.key, end) > 0) continue;
      page.push(entry);
      if (page.length >= 2 * PAGE) cut();
    }
    cut();
    yield page;
    if (end === undefined) return;
    after = end;
  }
}

function entryOf(dirent: Dirent, at: string, prefix: string): Entry | undefined {
  const { name } = dirent;
  const bare = `${at}${name}`;
  // What we could not open by a key is none of our objects.
  if (!(dirent.isFile() || dirent.isDirectory()) || !isKey(bare)) return undefined;
  const key = dirent.isDirectory() ? `${bare}/` : bare;
  const wanted = key.startsWith(prefix) || (dirent.isDirectory() && prefix.startsWith(key));
  return wanted ? { name, key } : undefined;
}

async function sizeOf(folder: Folder, { name, key }: Entry): Promise<number | undefined> {
  if (key.endsWith('/')) return undefined;
  const stats = await lstat(folder.at(name)).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw asStorageError(error);
  });
  return stats?.isFile() ? stats.size : undefined;
}

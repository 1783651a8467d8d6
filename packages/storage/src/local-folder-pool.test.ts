import { mkdtemp, readdir, realpath, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createFolderPool } from './local-folder-pool.ts';

/** One more than are kept open. */
const MANY = 321;

let root: string;
let pool: ReturnType<typeof createFolderPool>;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'folder-pool-')));
  pool = createFolderPool();
});
afterEach(() => rm(root, { recursive: true }));

const hold = (name: string) => pool.hold(join(root, name), root);
/** Under which number a folder is open; kept by nobody afterwards. */
const use = async (name: string) => {
  const folder = await hold(name);
  await folder.close();
  return folder.fd;
};

describe('a folder of the pool', () => {
  it('is made and opened once for all who want it at a time', async () => {
    const folders = await Promise.all(Array.from({ length: 20 }, () => hold('a/b')));
    expect(new Set(folders.map(({ fd }) => fd)).size).toBe(1);
    for (const folder of folders) {
      await writeFile(folder.at('still-open'), '');
      await folder.close();
    }
    expect(await use('a/b')).toBe(folders[0]?.fd);
  });

  it('stays open for whoever holds it, when it is removed and another takes its place', async () => {
    const first = await hold('a');
    await rmdir(join(root, 'a'));
    const second = await hold('a');
    await writeFile(second.at('file'), '');
    await first.close();
    await expect(first.sync()).rejects.toMatchObject({ code: 'EBADF' });
    await second.sync();
    expect(await readdir(join(root, 'a'))).toEqual(['file']);
    await second.close();
  });

  it('can be had later, though all who wanted it at a time were refused', async () => {
    await writeFile(join(root, 'a'), '');
    const refused = await Promise.allSettled([hold('a'), hold('a/b'), hold('a')]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await rm(join(root, 'a'));
    expect(await use('a/b')).toBeGreaterThan(0);
  });

  it('is closed to make room for others, unless it is held or was used since', async () => {
    const held = await hold('held');
    const often = await hold('often');
    await often.close();
    const seldom = await hold('seldom');
    await seldom.close();
    for (let n = 0; n < MANY - 2; n++) {
      await use(`folder-${n}`);
      expect(await use('often')).toBe(often.fd);
    }
    await expect(seldom.sync()).rejects.toThrow();
    await held.sync();
    await often.sync();
    await held.close();
  });
});

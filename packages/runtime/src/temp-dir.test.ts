import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sweepTempDirs, withTempDir } from './temp-dir.ts';

describe('temporary folders', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'temp-dir-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('are gone afterwards, whatever happens', async () => {
    let folder: string | undefined;
    const work = withTempDir(root, async (dir) => {
      folder = dir();
      expect(dir()).toBe(folder);
      await writeFile(join(folder, 'left'), 'x');
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    await expect(access(folder ?? '')).rejects.toThrow('ENOENT');
  });

  it('are made for those who ask, in time', async () => {
    const late = await withTempDir(root, (dir) => Promise.resolve(dir));
    expect(late).toThrow('over');
    expect(await readdir(root)).toEqual([]);
  });

  it('of processes that are dead are swept, others are left alone', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    for (const name of [`mediaworks-${dead}`, 'mediaworks-1', 'somebody-elses']) {
      await mkdir(join(root, name, 'job-x'), { recursive: true });
    }
    expect(await sweepTempDirs(root)).toBe(1);
    expect((await readdir(root)).sort()).toEqual(['mediaworks-1', 'somebody-elses']);
  });
});

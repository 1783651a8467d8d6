import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataInUseError, lockDataDir } from './data-lock.ts';
import { isZombie, startTimeOf } from './running.ts';

describe('the lock of a data folder', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'data-lock-'));
  });
  afterEach(() => rm(dir, { recursive: true }));
  const heldBy = async (pid: number) =>
    writeFile(join(dir, 'lock'), `${pid} ${(await startTimeOf(pid)) ?? ''}\n`);

  it('refuses a folder that a running process has, and is given back', async () => {
    await heldBy(process.pid);
    await expect(lockDataDir(dir)).rejects.toThrow(DataInUseError);
    await rm(join(dir, 'lock'));
    const unlock = await lockDataDir(dir);
    await unlock();
    expect(await readdir(dir)).toEqual([]);
  });

  it('is taken over from a process that has ended, though its parent has not heard of it', async () => {
    if (process.platform !== 'linux') return;
    // A program that is started in the place of the shell does not ask after the shell's children.
    const parent = spawn('sh', ['-c', '(read end) <&3 & echo $!; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    try {
      const [line] = (await once(parent.stdout ?? parent, 'data')) as [Buffer];
      const pid = Number(line);
      await heldBy(pid);
      await expect(lockDataDir(dir)).rejects.toThrow(DataInUseError);
      process.kill(pid, 'SIGKILL');
      while (!(await isZombie(pid))) await new Promise(setImmediate);
      const unlock = await lockDataDir(dir);
      await unlock();
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'close');
    }
  });
});

import { mkdirSync, mkdtempSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './errors.ts';

const PREFIX = 'mediaworks-';

/**
 * A private folder (0700) for the length of `work`, made when it is first asked for and gone afterwards whatever
 * happens. Its parent is named after this process, so that {@link sweepTempDirs} knows what a killed one left.
 */
export async function withTempDir<T>(root: string, work: (dir: () => string) => Promise<T>): Promise<T> {
  let dir: string | undefined;
  let over = false;
  const make = () => {
    if (over) throw new Error('The work that this folder was for is over');
    const parent = join(root, `${PREFIX}${process.pid}`);
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    return mkdtempSync(join(parent, 'job-'));
  };
  try {
    return await work(() => (dir ??= make()));
  } finally {
    over = true;
    if (dir !== undefined) await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Removes the folders of processes that no longer run on this machine; returns how many. Call it at boot. */
export async function sweepTempDirs(root: string): Promise<number> {
  await mkdir(root, { recursive: true });
  const names = (await readdir(root)).filter((name) => new RegExp(`^${PREFIX}\\d+$`).test(name));
  const dead = names.filter((name) => {
    const pid = Number(name.slice(PREFIX.length));
    return pid === process.pid || !isRunning(pid);
  });
  for (const name of dead) await rm(join(root, name), { recursive: true, force: true, maxRetries: 3 });
  return dead.length;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isErrno } from './child.ts';
import { isRunning, isZombie, startTimeOf } from './running.ts';

/** Another stack runs on this data folder. */
export class DataInUseError extends Error {
  override readonly name = 'DataInUseError';
}

/**
 * Takes the data folder for this process. What a killed stack left is taken over.
 *
 * @returns gives the folder back
 * @throws DataInUseError when a process that still runs has it
 */
export async function lockDataDir(dir: string): Promise<() => Promise<void>> {
  const path = `${dir}/lock`;
  const own = `${path}.${randomUUID()}`;
  const text = `${process.pid} ${(await startTimeOf(process.pid)) ?? ''}\n`;
  await writeFile(own, text, { mode: 0o600 });
  try {
    for (;;) {
      try {
        // Linking is atomic and refuses what exists, with the content in place: nobody ever reads half a lock.
        await link(own, path);
        return () => rm(path, { force: true });
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
      }
      await clearStaleLock(path, dir);
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function clearStaleLock(path: string, dir: string): Promise<void> {
  const holder = await readFile(path, 'utf8').catch(() => undefined);
  if (holder === undefined) return;
  if (await holds(holder)) {
    throw new DataInUseError(
      `Another stack (process ${Number.parseInt(holder, 10)}) runs on ${dir}. Stop it, or choose another folder with MEDIAWORKS_DATA.`,
    );
  }
  // Of several who see the same stale lock each moves one file away; whoever moved a fresh one puts it back.
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== holder) await link(aside, path).catch(() => undefined);
  await rm(aside);
}

async function holds(text: string): Promise<boolean> {
  const [pid, startTime] = text.trim().split(' ');
  if (!isRunning(Number(pid)) || (await isZombie(Number(pid)))) return false;
  const now = await startTimeOf(Number(pid));
  return startTime === undefined || now === undefined || startTime === now;
}

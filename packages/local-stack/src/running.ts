import { readFile, readlink } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { exec } from '@mediaworks/runtime';
import { isErrno, signalTo } from './child.ts';

const GONE_POLL_MS = 50;

/** Whether a process has this id; also true when it is somebody else's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

/**
 * What tells this process from a later one with the same id: when it started, in the kernel's ticks. Undefined where
 * the system does not say (no /proc) or it is gone.
 */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  return (await statOf(pid))[19];
}

/** Whether it has ended and has an id only until its parent hears of that: it holds nothing any more. */
export async function isZombie(pid: number): Promise<boolean> {
  return (await statOf(pid))[0] === 'Z';
}

/** What the kernel tells of a process, from the third field on; nothing where it does not. */
async function statOf(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in parentheses, and may hold anything.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
}

/**
 * Ends a server that an earlier stack left running on this data folder: two on one folder would ruin it. The pid file
 * may be older than the machine's last boot, so the process must also look like that server, or it is left alone.
 * Resolves when nothing uses the folder.
 */
export async function retireOrphan(orphan: {
  pidFile: string;
  program: string;
  dir: string;
  stopSignal: 'SIGINT' | 'SIGTERM';
  /** Then it is killed, in ms. */
  graceMs: number;
}): Promise<void> {
  const text = await readFile(orphan.pidFile, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(await serves(pid, orphan.program, orphan.dir))) return;
  signalTo(pid, orphan.stopSignal);
  const deadline = Date.now() + orphan.graceMs;
  while (await serves(pid, orphan.program, orphan.dir)) {
    if (Date.now() > deadline) signalTo(pid, 'SIGKILL');
    await wait(GONE_POLL_MS);
  }
}

async function serves(pid: number, program: string, dir: string): Promise<boolean> {
  const command = await commandOf(pid);
  if (!command.includes(program)) return false;
  if (command.includes(dir) || process.platform !== 'linux') return true;
  return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === dir;
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return exec('ps', ['-p', String(pid), '-o', 'args=']).then(
    ({ stdout }) => stdout.toString(),
    () => '',
  );
}

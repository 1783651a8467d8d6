import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's ticks are a hundredth of a second on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** Fields of /proc/<pid>/stat from the third on; the name in the second may hold anything. */
function statOf(pid: number | 'self'): number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

/** CPU time that a process has used, all threads, user and system, in ms; to the nearest 10 ms. */
export function cpuOf(pid: number): number {
  return cpuIn(statOf(pid));
}

const cpuIn = (stat: readonly number[]) => ((stat[11] ?? 0) + (stat[12] ?? 0)) * MS_PER_TICK;

/** The same of a process, its children that run and those that have ended. */
export function cpuOfFamily(pid: number): number {
  const stat = statOf(pid);
  const ended = ((stat[13] ?? 0) + (stat[14] ?? 0)) * MS_PER_TICK;
  return childStats(pid).reduce((sum, child) => sum + cpuIn(child), cpuIn(stat) + ended);
}

/** One look at each: a child may end at any moment. */
function childStats(pid: number): number[][] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.flatMap((child) => {
    try {
      const stat = statOf(child);
      return stat[1] === pid ? [stat] : [];
    } catch {
      return [];
    }
  });
}

/** CPU time of this process and of every child that has ended, in ms. */
function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + childrenCpu();
}

function childrenCpu(): number {
  if (process.platform !== 'linux') return 0;
  const stat = statOf('self');
  return ((stat[13] ?? 0) + (stat[14] ?? 0)) * MS_PER_TICK;
}

/** Resident memory of a process, in bytes. */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
}

export interface Cost {
  /** Wall time, in ms. */
  wall: number;
  /** CPU time, in ms. */
  cpu: number;
}

/** What `work` costs this process and the children that it starts and waits for. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [wall, cpu] = [performance.now(), ownCpu()];
  await work();
  return { wall: performance.now() - wall, cpu: ownCpu() - cpu };
}

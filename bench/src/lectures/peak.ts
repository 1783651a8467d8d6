import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { memoryOf } from '../cpu-time.ts';

const EVERY_MS = 100;

/**
 * Runs a script of ours in a Node of its own and returns the most memory that it and all of its children had at a time,
 * in bytes, and what it said. @throws Error when it fails
 */
export async function peakOf(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ peak: number; said: string }> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let [peak, said] = [0, ''];
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const watch = setInterval(() => (peak = Math.max(peak, memoryOfFamily(child.pid ?? 0))), EVERY_MS);
  const [code] = (await once(child, 'close').finally(() => clearInterval(watch))) as [number | null];
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return { peak, said };
}

function memoryOfFamily(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    // One that is still a copy of its parent, and about to become another program, shares its memory.
    const others = children.filter((child) => commandOf(child) !== commandOf(pid));
    return others.reduce((sum, child) => sum + memoryOfFamily(Number(child)), memoryOf(pid));
  } catch {
    // It ended while we looked.
    return 0;
  }
}

const commandOf = (pid: number | string): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');

import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { openMediaGround } from '../media/testing/media-stage.ts';

const MB = 2 ** 20;

/** A gateway in a process of its own, as it was built, whose memory can be told. */
export async function startGatewayProcess() {
  const ground = await openMediaGround({ LOG_LEVEL: 'info' });
  const main = join(import.meta.dirname, '../../dist/main.js');
  const gateway = spawn(process.execPath, [main], {
    env: ground.source,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const files = `/proc/${gateway.pid ?? 0}`;
  return {
    url: await listening(gateway.stdout),
    /** How much `work` adds to its memory at most, in MB. */
    growth: async (work: () => Promise<void>): Promise<number> => {
      // 5: forget the highest so far, see proc_pid_clear_refs(5).
      await writeFile(`${files}/clear_refs`, '5');
      const before = await memory(files, 'VmRSS');
      await work();
      // The kernel's own record, so that no peak is missed.
      return ((await memory(files, 'VmHWM')) - before) / MB;
    },
    stop: async () => {
      gateway.kill('SIGKILL');
      await ground.drop();
    },
  };
}

async function listening(stdout: Readable): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const { message, url } = JSON.parse(line) as { message: string; url?: string };
    if (message === 'listening' && url !== undefined) return url;
  }
  throw new Error('the gateway ended before it listened');
}

async function memory(files: string, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`${files}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1_024;
}

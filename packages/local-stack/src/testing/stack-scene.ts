import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { exec } from '@mediaworks/runtime';
import { isRunning, isZombie } from '../running.ts';
import type { ServiceDefinition } from '../services.ts';
import { type Stack, type StackOptions, startStack } from '../stack.ts';

/**
 * A service as small as one can be: `/readyz`, `/crash`, `/env`, `/options`, and a child of its own whose id it says.
 * NOT_READY makes it unready until the file of that name is there, STUBBORN makes it ignore SIGTERM, BROKEN makes it end
 * at once.
 */
const SERVICE = `
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
if (process.env.BROKEN) { console.error('cannot find my configuration'); process.exit(3); }
const grandchild = spawn('sleep', ['1000'], { stdio: 'ignore' });
console.log('grandchild ' + grandchild.pid);
process.on('SIGTERM', () => {
  if (process.env.STUBBORN) return console.log('no');
  grandchild.kill();
  process.exit(0);
});
createServer((request, response) => {
  if (request.url === '/crash') process.kill(process.pid, 'SIGKILL');
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  if (request.url === '/options') return response.end(JSON.stringify(process.execArgv));
  const ready = !process.env.NOT_READY || existsSync(process.env.NOT_READY);
  if (!ready) console.log('not ready yet');
  response.writeHead(ready ? 200 : 503).end();
}).listen(Number(process.env.HEALTH_PORT ?? process.env.PORT), '127.0.0.1');
`;

/** A data folder that a stack made and left; copying it takes a tenth of what making one does. */
export async function makeSeed(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'stack-seed-'));
  const stack = await startStack({ dataDir: folder, services: [], env: {}, log: () => undefined });
  await stack.stop();
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A copy of the data folder, stacks on it, and everything that they said. */
export async function openScene(seed: string) {
  const dataDir = await mkdtemp(join(tmpdir(), 'stack-test-'));
  await exec('cp', ['-a', `${seed}/.`, dataDir]);
  const entry = join(dataDir, 'service.mjs');
  await writeFile(entry, SERVICE);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const stacks: Stack[] = [];
  const scene = {
    dataDir,
    lines,
    log: (source: string, line: string) => {
      lines.push(`${source}: ${line}`);
      for (const look of waiting) look();
    },
    /** Resolves with the match of the first line, said already or later, from line `from` on. */
    said: (pattern: RegExp, from = 0) =>
      new Promise<RegExpExecArray>((resolve) => {
        const look = () => {
          for (const line of lines.slice(from)) {
            const match = pattern.exec(line);
            if (!match) continue;
            waiting.delete(look);
            resolve(match);
            return;
          }
        };
        waiting.add(look);
        look();
      }),
    gateway: { name: 'gateway', entry, portVariable: 'PORT' } satisfies ServiceDefinition,
    worker: { name: 'worker', entry, portVariable: 'HEALTH_PORT' } satisfies ServiceDefinition,
    async start(options: Partial<StackOptions> = {}): Promise<Stack> {
      const stack = await startStack({
        dataDir,
        services: [],
        log: scene.log,
        ...options,
        env: { PATH: process.env['PATH'], ...options.env },
      });
      stacks.push(stack);
      return stack;
    },
    async close() {
      await Promise.all(stacks.map((stack) => stack.stop()));
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return scene;
}

export type Scene = Awaited<ReturnType<typeof openScene>>;

/** Whether a process does anything; one that ended and was not collected by its parent yet does not. */
export async function isAlive(pid: number): Promise<boolean> {
  return isRunning(pid) && !(await isZombie(pid));
}

/** Resolves when none of them is alive; processes that are not our children send no event to wait for. */
export async function untilDead(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    while (await isAlive(pid)) await wait(20);
  }
}

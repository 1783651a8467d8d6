import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { findOnPath } from './exec.ts';

const run = promisify(execFile);
/** SCHED_BATCH of sched(7). */
const BATCH = '3';

interface Seen {
  scheduled: boolean;
  /** The policy of each thread; none where the system does not tell. */
  threads: string[];
  child: string | null;
}

test('schedules all threads and children of a process as a batch, where the system lets it', async () => {
  const { scheduled, threads, child } = await look(process.env);
  expect(scheduled).toBe(await canSchedule());
  if (!scheduled) return;
  expect(threads.length).toBeGreaterThan(4);
  expect(new Set(threads)).toEqual(new Set([BATCH]));
  expect(child).toBe(BATCH);
});

test('leaves all as it is where there is nothing to do it with', async () => {
  const { scheduled, threads } = await look({ PATH: '' });
  expect(scheduled).toBe(false);
  expect(threads).not.toContain(BATCH);
});

/** What a process sees of itself that has called it and used its pool of threads since. */
async function look(env: NodeJS.ProcessEnv): Promise<Seen> {
  const script = `
    import { spawnSync } from 'node:child_process';
    import { readdirSync, readFileSync } from 'node:fs';
    import { readFile } from 'node:fs/promises';
    const { scheduleAsBatch } = await import('@mediaworks/runtime');
    const scheduled = scheduleAsBatch();
    await Promise.all(Array.from({ length: 4 }, () => readFile(process.execPath)));
    const policy = (file) => {
      const stat = readFileSync(file, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38];
    };
    const ids = process.platform === 'linux' ? readdirSync('/proc/self/task') : [];
    const threads = ids.map((id) => policy('/proc/self/task/' + id + '/stat'));
    const tell = '(' + policy + ')("/proc/self/stat")';
    const inner = 'const { readFileSync } = require("node:fs"); console.log(' + tell + ')';
    const child = ids.length > 0 ? spawnSync(process.execPath, ['-e', inner], { encoding: 'utf8' }).stdout.trim() : null;
    console.log(JSON.stringify({ scheduled, threads, child }));
  `;
  const args = ['--input-type=module', '-e', script];
  const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname, env });
  return JSON.parse(stdout) as Seen;
}

async function canSchedule(): Promise<boolean> {
  const chrt = findOnPath('chrt');
  if (chrt === undefined) return false;
  return run(chrt, ['-b', '0', process.execPath, '--version']).then(
    () => true,
    () => false,
  );
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { findOnPath } from './exec.ts';

const run = promisify(execFile);
/** SCHED_BATCH of sched(7). */
const BATCH = '3';

test('schedules all threads and children of a process as a batch, where the system can', async () => {
  const script = `
    import { execFileSync } from 'node:child_process';
    import { readdirSync, readFileSync } from 'node:fs';
    import { readFile } from 'node:fs/promises';
    const { scheduleAsBatch } = await import('@mediaworks/runtime');
    const scheduled = scheduleAsBatch();
    // From here on there are threads of the pool too.
    await Promise.all(Array.from({ length: 4 }, () => readFile(process.execPath)));
    const policy = (stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38];
    const threads = process.platform === 'linux' ? readdirSync('/proc/self/task') : [];
    const policies = threads.map((id) => policy(readFileSync('/proc/self/task/' + id + '/stat', 'utf8')));
    const child = threads.length > 0 ? policy(execFileSync('cat', ['/proc/self/stat'], { encoding: 'utf8' })) : null;
    console.log(JSON.stringify({ scheduled, policies, child }));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
  });
  const { scheduled, policies, child } = JSON.parse(stdout) as Record<string, unknown>;
  expect(scheduled).toBe(findOnPath('chrt') !== undefined);
  if (scheduled !== true) return;
  expect((policies as string[]).length).toBeGreaterThan(4);
  expect(new Set(policies as string[])).toEqual(new Set([BATCH]));
  expect(child).toBe(BATCH);
});

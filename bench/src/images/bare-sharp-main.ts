import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scheduleAsBatch } from '@mediaworks/runtime';
import { renderBare } from './bare-sharp.ts';

/**
 * The bare script as a program of its own, two images at a time: reads a JSON list of files from a line of its input,
 * writes each one's renditions into a folder of its own below argv[2], says `done`, and takes the next line.
 */
const IN_FLIGHT = 2;
const outDir = process.argv[2] ?? '.';
let made = 0;

async function render(files: string[]): Promise<void> {
  for (let file = files.pop(); file !== undefined; file = files.pop()) {
    const dir = join(outDir, String(made++));
    await mkdir(dir, { recursive: true });
    await renderBare(file, dir);
  }
}

// As the worker is: threads hand strips to each other here too.
scheduleAsBatch();
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const files = JSON.parse(line) as string[];
  await Promise.all(Array.from({ length: IN_FLIGHT }, () => render(files)));
  console.log('done');
}

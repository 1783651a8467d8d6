import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { renderImage } from '@mediaworks/media';
import { giveHeapRoom, GROWTH_BY_PICTURES } from '@mediaworks/runtime';
import { costOf } from '../cpu-time.ts';
import { renderBare } from './bare-sharp.ts';

/**
 * One of the two renderers as a program of its own, so that neither's garbage is collected at the other's cost: argv[2]
 * says which, argv[3] where to. Takes a file from each line of its input and says what its renditions cost. Both are
 * given the heap of a worker that makes pictures.
 */
giveHeapRoom(GROWTH_BY_PICTURES);
const [, , which, outDir = '.'] = process.argv;
const render = which === 'ours' ? renderOurs : renderBare;

async function renderOurs(file: string, folder: string): Promise<void> {
  const { renditions } = await renderImage(file);
  for (const [name, { data, ext }] of Object.entries(renditions))
    await writeFile(join(folder, `${name}.${ext}`), data);
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const cost = await costOf(() => render(JSON.parse(line) as string, outDir));
  console.log(JSON.stringify(cost));
}

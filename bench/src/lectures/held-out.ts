import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Kind } from './recipes.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../../../.mediaworks/bench/', import.meta.url));

/** The folder for what this version of the generator makes; those of others are removed. */
export async function cacheFolder(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(here)).filter((file) => file.endsWith('.js')).sort()) {
    hash.update(await readFile(join(here, name)));
  }
  const own = `lectures-${hash.digest('hex').slice(0, 12)}`;
  await mkdir(join(cache, own), { recursive: true });
  for (const name of await readdir(cache)) {
    if (name.startsWith('lectures-') && name !== own) await rm(join(cache, name), { recursive: true });
  }
  return join(cache, own);
}

/** Those before it have been looked at. */
export const FIRST_SEED = 301;

/**
 * Makes lectures of the set that no threshold was chosen on: of those kinds, one for each seed from 301 on, and the seeds
 * side by side. In Nodes of their own: the media package, which the finder uses, forbids sharp to read SVG in its process.
 */
export async function makeHeldOut(dir: string, seeds: number, kinds: readonly Kind[]): Promise<void> {
  const names = kinds.flatMap((kind) => ['--kind', kind]);
  const made = Array.from({ length: seeds }, (_, i) =>
    run(process.execPath, [
      join(here, 'make-main.js'),
      ...['--set', 'held-out', '--out', dir, '--seed', `${FIRST_SEED + i}`],
      ...names,
    ]),
  );
  await Promise.all(made);
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findIn } from './finder.ts';
import { score, sharesOf, sumOf, type Found, type Score } from './score.ts';
import type { Truth } from './truth.ts';

export interface Scored {
  readonly kind: string;
  readonly score: Score;
}

export interface FolderOptions {
  /** Only the videos with this in their name. */
  readonly only?: string | undefined;
  /** Default: our finder, as it is built. */
  readonly find?: ((path: string) => Promise<Found>) | undefined;
}

/** Finds the slides of every video in `dir` that has its truth beside it, and compares. */
export async function scoreFolder(
  dir: string,
  { only, find = findIn }: FolderOptions = {},
): Promise<Scored[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.truth.json')).sort();
  const all: Scored[] = [];
  for (const name of names) {
    const video = name.replace('.truth.json', '.mp4');
    if (only !== undefined && !video.includes(only)) continue;
    const truth = JSON.parse(await readFile(join(dir, name), 'utf8')) as Truth;
    const compared = score(truth, await find(join(dir, video)));
    const faults = compared.faults.map((fault) => `${video}: ${fault}`);
    all.push({ kind: truth.kind, score: { ...compared, faults } });
  }
  return all;
}

/** The scores of each kind added up, in the order of the first of each. */
export function byKind(all: readonly Scored[]): Scored[] {
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  return kinds.map((kind) => ({
    kind,
    score: sumOf(all.filter((one) => one.kind === kind).map((one) => one.score)),
  }));
}

export const figures = ['precision', 'recall', 'final state', 'boundaries ≤ 1 s'];

/** The four shares as they are printed. */
export function figuresOf(one: Score): string[] {
  const { precision, recall, final, boundaries } = sharesOf(one);
  return [
    `${precision.toFixed(3)} (${one.right}/${one.pages})`,
    `${recall.toFixed(3)} (${one.right}/${one.slides})`,
    `${final.toFixed(3)} (${one.final}/${one.right})`,
    `${boundaries.toFixed(3)} (${one.near}/${one.boundaries})`,
  ];
}

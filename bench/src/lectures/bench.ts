import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { heading, note, row, verdict } from '../report.ts';
import { cacheFolder, FIRST_SEED, makeHeldOut } from './held-out.ts';
import { kinds, type Kind } from './recipes.ts';
import { findByScenes } from './peer.ts';
import { sharesOf, sumOf } from './score.ts';
import { byKind, figures, figuresOf, scoreFolder } from './scoring.ts';
import { measureMemory, measureParts, measureSpeed, type Video } from './speed.ts';
import type { Truth } from './truth.ts';

/**
 * How well and how fast slides are found: in lectures that no threshold was chosen on, whose truth is exact.
 * `BENCH_LECTURE_SEEDS`: lectures of each kind, default 2. `BENCH_LECTURE_PARTS`: those of
 * `slides,speed,parts,memory` to run.
 */
export async function benchLectures(dir: string): Promise<void> {
  const { BENCH_LECTURE_SEEDS: seeds = '2', BENCH_LECTURE_PARTS: parts = 'slides,speed,parts,memory' } =
    process.env;
  const videos = await cacheFolder();
  if (parts.includes('slides')) await measureSlides(videos, Number(seeds));
  if (parts.includes('speed')) await measureSpeed(await oneOf(videos, 'full-hd'), dir);
  if (parts.includes('parts')) await measureParts(await oneOf(videos, 'full-hd'), dir);
  // Ten frames a second: three hours of it are decoded in minutes, and memory does not know the difference.
  if (parts.includes('memory')) await measureMemory(await oneOf(videos, 'full-hd-10'), dir);
}

async function oneOf(videos: string, kind: Kind): Promise<Video> {
  await makeHeldOut(videos, 1, [kind]);
  const { duration } = JSON.parse(
    await readFile(join(videos, `${kind}-${FIRST_SEED}.truth.json`), 'utf8'),
  ) as Truth;
  return { path: join(videos, `${kind}-${FIRST_SEED}.mp4`), seconds: duration };
}

async function measureSlides(videos: string, seeds: number): Promise<void> {
  heading(`Lectures: slides found in the held-out set, ${seeds} of each kind`);
  await makeHeldOut(videos, seeds, kinds);
  const all = await scoreFolder(videos);
  row('', ...figures);
  for (const { kind, score } of byKind(all)) row(kind, ...figuresOf(score));
  const total = sumOf(all.map(({ score }) => score));
  row('all', ...figuresOf(total));
  const peer = await scoreFolder(videos, { find: findByScenes });
  row('all, by ffmpeg scene scores as Opencast', ...figuresOf(sumOf(peer.map(({ score }) => score))));
  for (const fault of total.faults) note(`  ${fault}`);
  const { precision, recall, final, boundaries } = sharesOf(total);
  verdict('Precision', precision, { atLeast: 0.97 }, '');
  verdict('Recall', recall, { atLeast: 0.98 }, '');
  verdict('Final state', final, { atLeast: 0.97 }, '');
  verdict('Boundaries within 1 s', boundaries, { atLeast: 0.97 }, '');
}

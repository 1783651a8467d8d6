import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findOnPath } from '@mediaworks/runtime';
import { costOf, type Cost } from '../cpu-time.ts';
import { heading, median, megabytes, ms, note, row, verdict } from '../report.ts';
import { findIn, writePages } from './finder.ts';
import { peakOf } from './peak.ts';
import type { Found } from './score.ts';

const run = promisify(execFile);
const ROUNDS = 3;
const LONG_SECONDS = 3 * 3_600;
const ffmpeg = findOnPath('ffmpeg') ?? 'ffmpeg';

export interface Video {
  readonly path: string;
  readonly seconds: number;
}

/** What finding costs beside decoding alone, and each slide after it. */
export async function measureSpeed({ path, seconds }: Video, dir: string): Promise<void> {
  heading(`Lectures: cost, on ${seconds.toFixed(0)} s of 1080p`);
  const decode: Cost[] = [];
  const find: Cost[] = [];
  let found: Found = { slides: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const alone = async () =>
      decode.push(await costOf(() => run(ffmpeg, ['-v', 'error', '-i', path, '-f', 'null', '-'])));
    const ours = async () => find.push(await costOf(async () => (found = await findIn(path))));
    for (const turn of round % 2 === 0 ? [alone, ours] : [ours, alone]) await turn();
  }
  const cpu = (costs: readonly Cost[]) => median(costs.map((cost) => cost.cpu));
  const wall = (costs: readonly Cost[]) => median(costs.map((cost) => cost.wall));
  row('ffmpeg -i v -f null -', `${ms(cpu(decode))} CPU`, `${ms(wall(decode))} wall`);
  row('findSlides', `${ms(cpu(find))} CPU`, `${ms(wall(find))} wall`);
  note(`${(cpu(find) / 1_000 / (seconds / 60)).toFixed(2)} CPU-seconds a minute of video`);
  verdict('CPU, finding to decoding alone', cpu(find) / cpu(decode), { atMost: 1.35 });
  await measurePages(path, found, dir);
}

async function measurePages(video: string, found: Found, dir: string): Promise<void> {
  let pages = 0;
  const { wall, cpu } = await costOf(async () => (pages = await writePages(video, found, dir)));
  const slides = found.slides.length;
  row('full frame, OCR, page', `${ms(cpu / slides)} CPU a slide`, `${ms(wall / slides)} wall a slide`);
  note(`${slides} slides on ${pages} pages, the start of the OCR included`);
  verdict('Seconds a slide', wall / slides / 1_000, { atMost: 1.5 }, ' s');
}

/** What three hours of 1080p need of memory; the long video is the short one again and again. */
export async function measureMemory({ path, seconds }: Video, dir: string): Promise<void> {
  heading('Lectures: memory, on 3 h of 1080p at 10 frames a second');
  const long = join(dir, 'three-hours.mp4');
  const times = Math.ceil(LONG_SECONDS / seconds);
  await run(ffmpeg, ['-v', 'error', '-stream_loop', `${times - 1}`, '-i', path, '-c', 'copy', long]);
  const began = performance.now();
  const { peak, said } = await peakOf(fileURLToPath(new URL('find-main.js', import.meta.url)), [long]);
  const { slides } = JSON.parse(said) as Found;
  row(
    'findSlides, Node and ffmpeg together',
    megabytes(peak),
    `${((performance.now() - began) / 60_000).toFixed(1)} min`,
  );
  const ranges = slides.reduce((sum, slide) => sum + slide.ranges.length, 0);
  note(
    `${times} times the lecture in ${megabytes((await stat(long)).size)}: ${slides.length} slides, ${ranges} ranges`,
  );
  verdict('Memory', peak / 1e6, { atMost: 400 }, ' MB');
}

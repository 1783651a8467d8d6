import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lectureTuning } from '@mediaworks/local-stack';
import { findOnPath } from '@mediaworks/runtime';
import { costOf, type Cost } from '../cpu-time.ts';
import { startLineScript } from '../line-program.ts';
import { heading, median, megabytes, ms, note, row, verdict } from '../report.ts';
import { findIn, writePages } from './finder.ts';
import { peakOf } from './peak.ts';
import type { Found } from './score.ts';

const run = promisify(execFile);
const ROUNDS = 3;
const LONG_SECONDS = 3 * 3_600;
const PARTS_SECONDS = 600;
const MOST_PAGES = 300;
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
  const finder = await startLineScript(new URL('find-main.js', import.meta.url), [], { env: lectureTuning });
  for (let round = 0; round < ROUNDS; round++) {
    const alone = async () =>
      decode.push(await costOf(() => run(ffmpeg, ['-v', 'error', '-i', path, '-f', 'null', '-'])));
    const ours = async () => {
      const said = JSON.parse(await finder.ask(path)) as { cost: Cost; found: Found };
      found = said.found;
      find.push(said.cost);
    };
    for (const turn of round % 2 === 0 ? [alone, ours] : [ours, alone]) await turn();
  }
  await finder.stop();
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

/** How much sooner the slides of a long video are found when it is decoded in parts; the same must be found. */
export async function measureParts({ path, seconds }: Video, dir: string): Promise<void> {
  const decoders = Math.min(4, availableParallelism());
  const long = await again(path, Math.ceil(PARTS_SECONDS / seconds), join(dir, 'parts.mp4'));
  heading(`Lectures: ${decoders} decoders against one, on ${(PARTS_SECONDS / 60).toFixed(0)} min of 1080p`);
  const costs: [Cost[], Cost[]] = [[], []];
  const found: [string, string] = ['', ''];
  for (let round = 0; round < 2; round++) {
    for (const which of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const parts = { decoders: which === 0 ? 1 : decoders, folder: dir };
      costs[which].push(await costOf(async () => (found[which] = JSON.stringify(await findIn(long, parts)))));
    }
  }
  const of = (which: 0 | 1, what: keyof Cost) => median(costs[which].map((cost) => cost[what]));
  row('one decoder', `${ms(of(0, 'cpu'))} CPU`, `${ms(of(0, 'wall'))} wall`);
  row(`${decoders} decoders`, `${ms(of(1, 'cpu'))} CPU`, `${ms(of(1, 'wall'))} wall`);
  note(
    `${(of(0, 'wall') / of(1, 'wall')).toFixed(2)} times as fast, for ${(of(1, 'cpu') / of(0, 'cpu')).toFixed(2)} of the CPU`,
  );
  note(found[0] === found[1] ? 'the same slides at the same times' : 'NOT the same slides');
}

/** The video so many times, one after the other. */
async function again(path: string, times: number, out: string): Promise<string> {
  await run(ffmpeg, ['-v', 'error', '-y', '-stream_loop', `${times - 1}`, '-i', path, '-c', 'copy', out]);
  return out;
}

/**
 * What three hours of 1080p need of memory, by one decoder and by two, and then with a page for each time that a slide is
 * shown; the long video is the short one again and again. Node runs as it does under `npm start`.
 */
export async function measureMemory({ path, seconds }: Video, dir: string): Promise<void> {
  heading('Lectures: memory, on 3 h of 1080p at 10 frames a second');
  const times = Math.ceil(LONG_SECONDS / seconds);
  const long = await again(path, times, join(dir, 'three-hours.mp4'));
  note(`${times} times the lecture in ${megabytes((await stat(long)).size)}`);
  for (const [what, decoders, most] of [
    ['findSlides, Node and 1 ffmpeg', 1, 0],
    ['findSlides, Node and 2 ffmpeg', 2, 0],
    ['and then full frame, OCR and PDF', 1, MOST_PAGES],
  ] as const) {
    const began = performance.now();
    const { peak, said } = await peakOf(
      fileURLToPath(new URL('convert-main.js', import.meta.url)),
      [long, `${decoders}`, dir, `${most}`],
      lectureTuning,
    );
    const { slides, ranges, pages } = JSON.parse(said) as { slides: number; ranges: number; pages: number };
    row(
      what,
      megabytes(peak),
      `${((performance.now() - began) / 60_000).toFixed(1)} min`,
      `${slides} slides, ${ranges} ranges${pages > 0 ? `, ${pages} pages` : ''}`,
    );
    verdict('Memory', peak / 1e6, { atMost: 400 }, ' MB');
  }
}

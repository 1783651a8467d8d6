import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawnFace, drawnGroup, drawnPeople } from '@mediaworks/media/fixtures';
import { faceV8Options, nodeTuning } from '@mediaworks/local-stack';
import { startLineScript } from '../line-program.ts';
import { heading, median, ms, note, perSecond, row, verdict } from '../report.ts';
import type { PhotoCost, Way } from './photo-main.ts';
import type { Doer } from './rate-main.ts';

/** How `npm start` runs the service. */
const faceProcess = { env: nodeTuning, v8Options: faceV8Options };

const ROUNDS = 24;
/** What has run a few times only is still being compiled, at the photo's cost. */
const WARM_UPS = 24;
const BATCH = 100;
const THREAD_ROUNDS = 5;

/** What is done for a photo against its bare steps, turn by turn; and how many photos one and two threads do. */
export async function measureSpeed(dir: string): Promise<void> {
  heading('Faces: a photo against the sum of its bare steps');
  const photos = await drawPhotos(dir);
  for (const { name, path } of photos) await comparePhoto(name, path);
  await compareThreads(photos.slice(0, 2).map(({ path }) => path));
}

async function drawPhotos(dir: string): Promise<{ name: string; path: string }[]> {
  const [first = 'Aldo'] = drawnPeople;
  const pictures = [
    { name: 'a portrait of 250 × 292', bytes: await drawnFace(first, { width: 250 }) },
    { name: 'a portrait of 2 megapixels', bytes: await drawnFace(first, { width: 1310 }) },
    {
      name: `a group of ${drawnPeople.length}, 2 megapixels`,
      bytes: (await drawnGroup(drawnPeople, { width: 1632, height: 1224 })).jpeg,
    },
    {
      name: `a group of ${drawnPeople.length}, 12 megapixels`,
      bytes: (await drawnGroup(drawnPeople, { width: 4000, height: 3000, head: 500 })).jpeg,
    },
  ];
  const photos: { name: string; path: string }[] = [];
  for (const [n, { name, bytes }] of pictures.entries()) {
    const path = join(dir, `photo-${n}.jpg`);
    await writeFile(path, bytes);
    photos.push({ name, path });
  }
  return photos;
}

/** The whole of what is done for a photo against its bare steps, turn by turn and each first as often as second. */
async function comparePhoto(name: string, path: string): Promise<void> {
  const start = (way: Way) => startLineScript(new URL('photo-main.js', import.meta.url), [way], faceProcess);
  const programs = { whole: await start('whole'), bare: await start('bare') };
  const costs = { whole: [] as PhotoCost[], bare: [] as PhotoCost[] };
  for (let round = 0; round < WARM_UPS + ROUNDS; round++) {
    for (const way of round % 2 === 0 ? (['whole', 'bare'] as const) : (['bare', 'whole'] as const)) {
      const cost = JSON.parse(await programs[way].ask(path)) as PhotoCost;
      if (round >= WARM_UPS) costs[way].push(cost);
    }
  }
  await Promise.all([programs.whole.stop(), programs.bare.stop()]);
  const cpu = (list: readonly PhotoCost[]) => median(list.map((cost) => cost.cpu));
  const [found] = costs.whole.flatMap((cost) => cost.found ?? []);
  row(name, `${found?.faces} faces`, `${ms(cpu(costs.whole))} CPU whole`, `${ms(cpu(costs.bare))} CPU bare`);
  const steps = Object.keys(found?.times ?? {}).map((step) => {
    const times = costs.whole.map((cost) => cost.found?.times[step] ?? NaN);
    return `${step} ${ms(median(times))}`;
  });
  note(`  ${costs.bare[0]?.runs} runs; ${steps.join(', ')}`);
  const ratio = median(costs.whole.map((cost, n) => cost.cpu / (costs.bare[n]?.cpu ?? NaN)));
  verdict('CPU, whole to bare', ratio, { atMost: 1.15 });
}

/**
 * Photos a second on one thread and on two, and how that compares to what the machine can do at all: one bare process
 * and two, that have nothing in common. Turn by turn, since others may use the machine as well.
 */
async function compareThreads(paths: readonly string[]): Promise<void> {
  const program = (doer: Doer) =>
    startLineScript(
      new URL('rate-main.js', import.meta.url),
      [JSON.stringify(doer), JSON.stringify(paths)],
      faceProcess,
    );
  const ways = [
    { name: '1 thread', programs: [await program({ threads: 1 })], rates: [] as number[] },
    { name: '2 threads', programs: [await program({ threads: 2 })], rates: [] },
    { name: '1 bare process', programs: [await program('bare')], rates: [] },
    { name: '2 bare processes', programs: [await program('bare'), await program('bare')], rates: [] },
  ];
  for (let round = 0; round <= THREAD_ROUNDS; round++) {
    for (const { programs, rates } of round % 2 === 0 ? ways : ways.toReversed()) {
      const start = performance.now();
      await Promise.all(programs.map((one) => one.ask(BATCH / programs.length)));
      // In the first round everything is still to be compiled.
      if (round > 0) rates.push((BATCH * 1_000) / (performance.now() - start));
    }
  }
  await Promise.all(ways.flatMap(({ programs }) => programs.map((one) => one.stop())));
  for (const { name, rates } of ways) row(name, perSecond(median(rates), 'photos'));
  const [first = [], second = [], bareFirst = [], bareSecond = []] = ways.map(({ rates }) => rates);
  const ratios = (over: readonly number[], under: readonly number[]) =>
    median(over.map((rate, n) => rate / (under[n] ?? NaN)));
  const [gain, ceiling] = [ratios(second, first), ratios(bareSecond, bareFirst)];
  verdict('Two threads to one', gain, { atLeast: 1.7 });
  row('two bare processes to one: what there is to gain', `${ceiling.toFixed(2)}×`);
  verdict('The gain by threads, of that', gain / ceiling, { atLeast: 0.9 });
}

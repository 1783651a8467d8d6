import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { transcoderTuning } from '@mediaworks/local-stack';
import pg from 'pg';
import sharp from 'sharp';
import type { Cost } from '../cpu-time.ts';
import { type LineProgram, startLineScript } from '../line-program.ts';
import { heading, median, ms, note, perSecond, row, verdict } from '../report.ts';
import { openStack, type Stack } from '../stack.ts';
import { findCelery, startCelery } from './celery.ts';
import { compare } from './likeness.ts';
import { makePhotos } from './photos.ts';
import { type Photo, readPhotos, renderByService } from './service.ts';

const PHOTOS = 60;
const PAIRS = 30;
/** The first images load code and fill the allocator's pools. */
const WARM_UPS = 4;
/**
 * A service that has run for a while has compiled what it runs; up to some thousand images, compiling is a part of their
 * cost. Small ones go the same way sooner.
 */
const SERVICE_WARM_UPS = { small: 2_500, full: 300 };
const SMALL_WIDTH = 320;
const ROUNDS = 5;
/** How often each photo is made in a round: of a short one, how it begins and ends is a part that counts. */
const TIMES = 3;
/** The first of them load Pillow into both of Celery's processes. */
const CELERY_WARM_UPS = 8;

/** 12-megapixel JPEGs to their five renditions. */
export async function benchImages(dir: string): Promise<void> {
  heading('Images: a 12-megapixel JPEG to its five renditions');
  const photos = await makePhotos(dir, PHOTOS);
  await compareRenderers(dir, photos);
  await compareServices(dir, photos);
}

/** Our function against the bare script, one image at a time, turn by turn. */
async function compareRenderers(dir: string, photos: readonly string[]): Promise<void> {
  const [ourDir, bareDir] = [join(dir, 'ours'), join(dir, 'bare')];
  await Promise.all([ourDir, bareDir].map((path) => mkdir(path, { recursive: true })));
  const start = (whose: string, outDir: string) =>
    startLineScript(new URL('render-main.js', import.meta.url), [whose, outDir], { env: transcoderTuning });
  const renderers = { ours: await start('ours', ourDir), bare: await start('bare', bareDir) };
  const [ours, bare]: [Cost[], Cost[]] = [[], []];
  for (const [n, photo] of photos.slice(0, WARM_UPS + PAIRS).entries()) {
    const our = JSON.parse(await renderers.ours.ask(photo)) as Cost;
    const its = JSON.parse(await renderers.bare.ask(photo)) as Cost;
    if (n < WARM_UPS) continue;
    ours.push(our);
    bare.push(its);
  }
  await Promise.all([renderers.ours.stop(), renderers.bare.stop()]);
  const cpu = (costs: Cost[]) => median(costs.map((cost) => cost.cpu));
  const wall = (costs: Cost[]) => median(costs.map((cost) => cost.wall));
  row('renderImage', `${ms(cpu(ours))} CPU`, `${ms(wall(ours))} wall`);
  row('bare sharp script', `${ms(cpu(bare))} CPU`, `${ms(wall(bare))} wall`);
  verdict('CPU of an image, ours to bare', cpu(ours) / cpu(bare), { atMost: 1.1 });
  for (const name of ['large.jpg', 'medium.jpg', 'small.jpg', 'thumbnail.jpg', 'webp.webp']) {
    const { size, psnr, bytes } = await compare(join(ourDir, name), join(bareDir, name));
    note(
      `${name.padEnd(14)} ${size}, ${psnr.toFixed(1)} dB between them, ours ${bytes.toFixed(2)}× its bytes`,
    );
  }
}

/** The whole service with two worker slots against the bare script two at a time, and against Celery with two processes. */
async function compareServices(dir: string, photos: readonly string[]): Promise<void> {
  const stack = await openStack(dir, { slots: 2 });
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 });
  const bare = await startLineScript(
    new URL('bare-sharp-main.js', import.meta.url),
    [join(dir, 'bare-batch')],
    { env: transcoderTuning },
  );
  const celery = await findCelery();
  const rates = {
    service: [] as number[],
    bare: [] as number[],
    plain: [] as number[],
    draft: [] as number[],
  };
  const cpu = { gateway: [] as number[], worker: [] as number[] };
  const sent = await readPhotos(photos);
  const count = PHOTOS * TIMES;
  try {
    // What each loads at its first images is not counted.
    const small = await makeSmall(sent);
    await renderByService(stack, pool, times(small, SERVICE_WARM_UPS.small));
    await renderByService(stack, pool, times(sent, SERVICE_WARM_UPS.full));
    await bare.ask(times(photos, SERVICE_WARM_UPS.full));
    for (let round = 0; round < ROUNDS; round++) {
      const run = await renderByService(stack, pool, times(sent, count));
      rates.service.push((count * 1_000) / run.wall);
      cpu.gateway.push(run.gatewayCpu / count);
      cpu.worker.push(run.workerCpu / count);
      rates.bare.push(await rateOf(bare, times(photos, count)));
      if (celery) await measureCelery(stack, dir, photos, rates);
    }
  } finally {
    await bare.stop();
    await pool.end();
    await stack.stop();
  }
  const service = median(rates.service);
  const shares = `CPU of an image: gateway ${ms(median(cpu.gateway))}, worker ${ms(median(cpu.worker))}`;
  row('whole service, two slots', perSecond(service, 'images'), `  ${shares}`);
  row('bare sharp script, two at a time', perSecond(median(rates.bare), 'images'));
  verdict('images a second, service to bare', ofRounds(rates.service, rates.bare), { atLeast: 0.85 });
  if (!celery) return;
  row('Celery + Pillow, two processes', perSecond(median(rates.plain), 'images'));
  row('Celery + Pillow with draft mode', perSecond(median(rates.draft), 'images'));
  const toCelery = ofRounds(rates.service, rates.plain);
  verdict('images a second, service to Celery + Pillow', toCelery, { atLeast: 3.5 });
  note(
    `with draft mode, which Pillow leaves to those who know it: ${ofRounds(rates.service, rates.draft).toFixed(2)}×`,
  );
}

/**
 * With processes of its own for each round: one that happens to have got worse memory is some percent slower than the
 * next for as long as it lives.
 */
async function measureCelery(
  stack: Stack,
  dir: string,
  photos: readonly string[],
  rates: { plain: number[]; draft: number[] },
): Promise<void> {
  const celery = await startCelery(stack.redisUrl, dir);
  try {
    await celery.plain.ask(photos.slice(0, CELERY_WARM_UPS));
    rates.plain.push(await rateOf(celery.plain, photos));
    rates.draft.push(await rateOf(celery.draft, photos));
  } finally {
    await celery.stop();
  }
}

/** The ratio in the middle of those of the rounds: a machine that becomes slower does so for both of a round. */
function ofRounds(rates: readonly number[], others: readonly number[]): number {
  return median(rates.map((rate, round) => rate / (others[round] ?? NaN)));
}

/** A list again and again, until there are so many. */
function times<T>(list: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, n) => list[n % list.length] as T);
}

function makeSmall(photos: readonly Photo[]): Promise<Photo[]> {
  const shrink = ({ bytes }: Photo) => sharp(bytes).resize(SMALL_WIDTH).jpeg().toBuffer();
  return Promise.all(
    photos.slice(0, WARM_UPS).map(async (photo) => ({ ...photo, bytes: await shrink(photo) })),
  );
}

/** Images a second of a program that makes the renditions of a list of files. */
async function rateOf(program: LineProgram, photos: readonly string[]): Promise<number> {
  const start = performance.now();
  await program.ask(photos);
  return (photos.length * 1_000) / (performance.now() - start);
}

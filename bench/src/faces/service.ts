import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFaceEngine } from '@mediaworks/face-recognizer/engine';
import { faceV8Options } from '@mediaworks/local-stack';
import { drawnFace, drawnPeople } from '@mediaworks/media/fixtures';
import sharp from 'sharp';
import { type Child, startScript } from '../child.ts';
import { heading, median, perSecond, row, verdict } from '../report.ts';
import { openStack, type Stack } from '../stack.ts';

const PHOTOS = 100;
/** Of a portrait of 2 megapixels, which is 7/6 as high. */
const WIDTH = 1_310;
const ROUNDS = 5;
const THREADS = 2;
/** A service that has run for a while has compiled what it runs: so many batches of small photos, which go the same way sooner. */
const WARM_UPS = 20;
const SMALL_WIDTH = 160;

const workerMain = new URL('../../../services/face-recognizer/dist/main.js', import.meta.url);

/** A batch through the whole service, against the bare engine on the same photos, turn by turn. */
export async function measureService(dir: string): Promise<void> {
  heading(`Faces: a batch of ${PHOTOS} photos of 2 megapixels through HTTP`);
  const paths = await drawPhotos(dir);
  const photos = await Promise.all(paths.map((path) => readFile(path)));
  const stack = await openStack(dir);
  let worker: Child | undefined;
  const rates = { service: [] as number[], bare: [] as number[] };
  try {
    const slots = { FACE_THREADS: String(THREADS), WORKER_SLOTS: String(THREADS + 1) };
    worker = await startScript(workerMain, [], {
      env: { ...stack.env, ...slots },
      ready: '"ready"',
      v8Options: faceV8Options,
    });
    const bare = await openFaceEngine({ modelSet: 'default', threads: THREADS });
    const { signal } = new AbortController();
    const describe = async () => {
      const left = paths.values();
      const work = async () => {
        for (const path of left) await bare.analyse(path, { signal });
      };
      await Promise.all(Array.from({ length: THREADS }, work));
    };
    // What each loads and compiles at its first photos is not counted.
    await recognise(stack, photos.slice(0, 4));
    const first = await rateOf(() => recognise(stack, photos));
    const [photo] = photos;
    const small = await sharp(photo).resize(SMALL_WIDTH).jpeg().toBuffer();
    for (let n = 0; n < WARM_UPS; n++) await recognise(stack, Array<Buffer>(PHOTOS).fill(small));
    await describe();
    for (let round = 0; round < ROUNDS; round++) {
      rates.service.push(await rateOf(() => recognise(stack, photos)));
      rates.bare.push(await rateOf(describe));
    }
    row('the service’s first batch', perSecond(first, 'photos'));
    await bare.close();
  } finally {
    await worker?.stop();
    await stack.stop();
  }
  row('the service, from POST to answer', perSecond(median(rates.service), 'photos'));
  row('the bare engine, two at a time', perSecond(median(rates.bare), 'photos'));
  const shares = rates.service.map((rate, n) => rate / (rates.bare[n] ?? NaN));
  verdict('The service’s rate to the bare engine’s', median(shares), { atLeast: 0.85 });
}

async function drawPhotos(dir: string): Promise<string[]> {
  const drawn: Buffer[] = [];
  for (const person of drawnPeople) drawn.push(await drawnFace(person, { width: WIDTH }));
  const paths: string[] = [];
  for (let n = 0; n < PHOTOS; n++) {
    const path = join(dir, `batch-${n}.jpg`);
    await writeFile(path, drawn[n % drawn.length] ?? '');
    paths.push(path);
  }
  return paths;
}

async function rateOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (PHOTOS * 1_000) / (performance.now() - start);
}

/** @throws Error unless every photo was looked at */
async function recognise(stack: Stack, photos: readonly Buffer[]): Promise<void> {
  const form = new FormData();
  for (const [n, photo] of photos.entries()) form.append('photos[]', new Blob([photo]), `photo-${n}.jpg`);
  const headers = { authorization: stack.authorization, prefer: 'wait=300' };
  const url = `${stack.url}/api/batch-photos/recognize`;
  const response = await fetch(url, { method: 'POST', headers, body: form });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the batch was answered ${response.status}: ${text}`);
  const { total_processed } = JSON.parse(text) as { total_processed: number };
  if (total_processed !== photos.length) throw new Error(`only ${total_processed} photos were looked at`);
}

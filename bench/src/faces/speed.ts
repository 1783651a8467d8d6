import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage } from '@mediaworks/media';
import { drawnFace, drawnGroup, drawnPeople } from '@mediaworks/media/fixtures';
import sharp from 'sharp';
import { describePhoto, type Models } from '@mediaworks/face-recognizer/engine/describe-photo';
import { createDetector } from '@mediaworks/face-recognizer/engine/detector';
import { createEmbedder } from '@mediaworks/face-recognizer/engine/embedder';
import { openFaceEngine } from '@mediaworks/face-recognizer/engine';
import { createLandmarkFinder } from '@mediaworks/face-recognizer/engine/landmarks';
import { readModelFile } from '@mediaworks/face-recognizer/engine/model-files';
import { type ModelFile, readModelSet } from '@mediaworks/face-recognizer/engine/model-set';
import { type OnnxSession, openOnnx } from '@mediaworks/face-recognizer/engine/onnx-session';
import { createPyramids } from '@mediaworks/face-recognizer/engine/pyramid';
import { heading, median, ms, note, perSecond, row, verdict } from '../report.ts';

const ROUNDS = 15;
const WARM_UPS = 3;
const BATCH = 40;

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

type Run = () => Promise<unknown>;

/** Models that remember what they were asked, so that the same can be asked again without anything between. */
async function recordingModels(): Promise<{ models: Models; runs: Run[]; close(): Promise<void> }> {
  const set = await readModelSet('default', false);
  const runs: Run[] = [];
  const sessions: OnnxSession[] = [];
  const open = async (file: ModelFile): Promise<OnnxSession> => {
    const session = await openOnnx(await readModelFile(file, {}));
    sessions.push(session);
    return {
      ...session,
      run: (data, shape) => {
        // What is in it does not matter for its time, and a copy would take some.
        runs.push(() => session.run(data, shape));
        return session.run(data, shape);
      },
    };
  };
  if (!set.landmarks) throw new Error('the default set has a model of landmarks');
  const models: Models = {
    pyramids: createPyramids(),
    detector: createDetector(await open(set.detector.file), set.detector),
    landmarks: createLandmarkFinder(await open(set.landmarks.file)),
    embedder: createEmbedder(await open(set.embedder.file), set.embedder),
    sharpness: set.sharpness,
  };
  return {
    models,
    runs,
    close: async () => {
      for (const session of sessions) await session.close();
    },
  };
}

/** CPU time of this process, all threads, in ms: what a busy machine does to a clock is no part of it. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function comparePhoto(name: string, path: string): Promise<void> {
  const { models, runs, close } = await recordingModels();
  const { signal } = new AbortController();
  const whole: number[] = [];
  const bare: number[] = [];
  const steps = { detect: [0], landmarks: [0], align: [0], embed: [0] };
  let faces = 0;
  let count = 0;
  for (let round = 0; round < WARM_UPS + ROUNDS; round++) {
    runs.length = 0;
    const start = cpu();
    const photo = await decodeImage(path, { signal });
    const described = await describePhoto(models, photo, { signal });
    const end = cpu();
    const asked = [...runs];
    const again = cpu();
    await sharp(await readFile(path))
      .raw()
      .toBuffer();
    for (const run of asked) await run();
    const done = cpu();
    faces = described.faces.length;
    count = asked.length;
    if (round < WARM_UPS) continue;
    whole.push(end - start);
    bare.push(done - again);
    for (const step of ['detect', 'landmarks', 'align', 'embed'] as const)
      steps[step].push(described.times[step]);
  }
  await close();
  row(name, `${faces} faces`, `${ms(median(whole))} CPU whole`, `${ms(median(bare))} CPU bare`);
  note(
    `  ${count} runs; ${Object.entries(steps)
      .map(([step, values]) => `${step} ${ms(median(values.slice(1)))}`)
      .join(', ')}`,
  );
  verdict('CPU, whole to bare', median(whole.map((value, n) => value / (bare[n] ?? NaN))), { atMost: 1.15 });
}

async function compareThreads(paths: readonly string[]): Promise<void> {
  const rates: number[] = [];
  for (const threads of [1, 2]) {
    const engine = await openFaceEngine({ modelSet: 'default', threads });
    const { signal } = new AbortController();
    const photos = Array.from({ length: BATCH }, (_, n) => paths[n % paths.length] ?? '');
    await engine.analyse(photos[0] ?? '', { signal });
    const left = photos.values();
    const start = performance.now();
    const work = async () => {
      for (const path of left) await engine.analyse(path, { signal });
    };
    await Promise.all(Array.from({ length: threads }, work));
    const rate = (BATCH * 1_000) / (performance.now() - start);
    rates.push(rate);
    row(`${threads} thread${threads > 1 ? 's' : ''}`, perSecond(rate, 'photos'));
    await engine.close();
  }
  const [one = NaN, two = NaN] = rates;
  verdict('Two threads to one', two / one, { atLeast: 1.7 });
}

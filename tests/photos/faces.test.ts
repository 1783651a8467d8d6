import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type BatchAnswer, batchAnswer, batchLog, type Person, unknownGroups } from '@mediaworks/contracts';
import {
  animatedGif,
  animatedWebp,
  avifPicture,
  bombPng,
  bmpPicture,
  cmykJpeg,
  drawnFace,
  drawnGroup,
  type DrawnPerson,
  drawnPeople,
  greyPng,
  heicFile,
  onePixelPng,
  orientedPhoto,
  pngHeaderOnly,
  polyglotJpeg,
  sixteenBitPng,
  svgWithReferences,
  truncatedJpeg,
  twoPageTiff,
} from '@mediaworks/media/fixtures';
import { openScene, type Scene } from '../scene.ts';

jest.setTimeout(120_000);

const RECOGNIZE = '/api/batch-photos/recognize';
const VERIFY = '/api/batch-photos/verify';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  // Two replicas share every batch.
  await Promise.all([startWorker(), startWorker()]);
}, 120_000);
afterAll(() => scene.close(), 60_000);

afterEach(async () => {
  const { persons } = await scene.client.json<{ persons: Person[] }>('/api/persons');
  for (const { id } of persons) await remove(id);
});

const startWorker = () => scene.startWorker({ FACE_THREADS: '1', WORKER_SLOTS: '2' }, 'face-recognizer');

type Part = readonly [name: string, filename: string, bytes: Buffer];

/** Sends a form, and tells the answer whatever it is. */
async function send(path: string, parts: readonly Part[]) {
  const form = new FormData();
  for (const [name, filename, bytes] of parts) form.append(name, new Blob([new Uint8Array(bytes)]), filename);
  const headers = { authorization: scene.token };
  const response = await fetch(new URL(path, scene.client.baseUrl), { method: 'POST', headers, body: form });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function recognise(photos: Record<string, Buffer>): Promise<BatchAnswer> {
  const parts = Object.entries(photos).map(([name, bytes]): Part => ['photos[]', name, bytes]);
  const { status, body } = await send(RECOGNIZE, parts);
  expect({ status, body }).toMatchObject({ status: 200 });
  return batchAnswer.parse(body);
}

const logOf = async ({ log_url }: BatchAnswer) => batchLog.parse(await scene.client.json(log_url));

async function addPerson(name: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify({ name }) };
  return (await scene.client.json<Person>('/api/persons', init)).id;
}

const enrol = (id: string, bytes: Buffer, query = '') =>
  send(`/api/persons/${id}/photos${query}`, [['photo', 'portrait.jpg', bytes]]);

async function addDrawn(person: DrawnPerson): Promise<string> {
  const id = await addPerson(person);
  expect(await enrol(id, await drawnFace(person))).toMatchObject({ status: 201 });
  return id;
}

const remove = (id: string) => scene.client.json(`/api/persons/${id}`, { method: 'DELETE' });

describe('recognising', () => {
  it('knows a person at the next photo, and nobody who was erased', async () => {
    const photos = { 'rufus.jpg': await drawnFace('Rufus', { variant: 2, tilt: 5 }) };
    expect((await recognise(photos)).summary).toMatchObject({ recognized_count: 0 });
    const id = await addDrawn('Rufus');
    const known = await recognise(photos);
    expect(known).toMatchObject({ success: true, total_processed: 1, status: 'completed' });
    expect(known.summary).toMatchObject({ recognized_count: 1, persons_list: ['Rufus'] });
    await remove(id);
    expect((await recognise(photos)).summary).toMatchObject({ recognized_count: 0, persons_list: [] });
    expect((await logOf(known)).summary).toMatchObject({ recognized_count: 0, persons_list: [] });
  });

  it('finds everybody in a group, and who they are', async () => {
    for (const person of drawnPeople) await addDrawn(person);
    const { jpeg, places } = await drawnGroup(drawnPeople, { tilts: [0, 15, -20] });
    const [entry] = (await logOf(await recognise({ 'group.jpg': jpeg }))).entries;
    expect(entry?.metadata).toMatchObject({ face_count: 6, has_multiple_faces: true });
    for (const { person, x, y } of places) {
      const face = entry?.faces.find(
        ({ box }) => x > box.x && x < box.x + box.w && y > box.y && y < box.y + box.h,
      );
      expect([person, face?.person]).toEqual([person, person]);
      expect(face?.top_3_matches).toHaveLength(3);
    }
  });

  it('tells of each photo what is wrong with it, and goes on', async () => {
    await addDrawn('Rufus');
    const rufus = await drawnFace('Rufus', { variant: 1 });
    const batch = await recognise({
      'truncated.jpg': await truncatedJpeg(),
      'bomb.png': bombPng(30_000),
      'header.png': pngHeaderOnly(60_000, 60_000),
      'drawing.svg': svgWithReferences('http://127.0.0.1:1/'),
      'empty.jpg': Buffer.alloc(0),
      'pixel.png': await onePixelPng(),
      'nobody.jpg': await orientedPhoto(6),
      'really-a-jpeg.gif': rufus,
    });
    const { entries } = await logOf(batch);
    expect(Object.fromEntries(entries.map(({ filename, error }) => [filename, error?.code]))).toEqual({
      'truncated.jpg': 'corrupt_media',
      'bomb.png': 'too_many_pixels',
      'header.png': 'too_many_pixels',
      'drawing.svg': 'unsupported_media',
      'empty.jpg': 'empty_media',
      'pixel.png': undefined,
      'nobody.jpg': undefined,
      'really-a-jpeg.gif': undefined,
    });
    expect(entries.at(-1)?.primary_result.person).toBe('Rufus');
    expect(batch.summary).toMatchObject({ total_photos: 8, recognized_count: 1, unrecognized_count: 7 });
  });

  it('reads every format that it should', async () => {
    const batch = await recognise({
      'a.bmp': bmpPicture({ width: 64, height: 48, bits: 24 }),
      'b.jpg': await cmykJpeg(),
      'c.png': await greyPng(),
      'd.heic': heicFile(),
      'e.png': await sixteenBitPng(),
      'f.tiff': await twoPageTiff(),
      'g.jpg': await polyglotJpeg(),
      'h.gif': await animatedGif(),
      'i.webp': await animatedWebp(),
      'j.avif': await avifPicture(),
    });
    const { entries } = await logOf(batch);
    expect(entries.map(({ filename, error }) => [filename, error])).toEqual(
      entries.map(({ filename }) => [filename, null]),
    );
    expect(batch.summary.recognized_count).toBe(0);
  });
});

describe('enrolling', () => {
  it('refuses what leaves a doubt, with the reason, and takes the face that is picked', async () => {
    const id = await addPerson('Somebody');
    const nobody = await orientedPhoto(1);
    const blurred = await drawnFace('Aldo', { blur: 9 });
    const { jpeg: pair } = await drawnGroup(['Viktor', 'Rufus'], { width: 900, height: 600, head: 400 });
    expect(await enrol(id, nobody)).toMatchObject({ status: 422, body: { code: 'no_face', success: false } });
    expect(await enrol(id, blurred)).toMatchObject({ status: 422, body: { code: 'blurred' } });
    expect(await enrol(id, pair)).toMatchObject({
      status: 422,
      body: { code: 'several_faces', error: expect.stringMatching(/\?face=.* 0 at .* 1 at /) },
    });
    expect(await enrol(id, pair, '?face=2')).toMatchObject({ status: 422, body: { code: 'no_such_face' } });
    expect(await enrol(id, await truncatedJpeg())).toMatchObject({
      status: 422,
      body: { code: 'corrupt_media' },
    });
    const person = await scene.client.json<Person>(`/api/persons/${id}`);
    expect(person.photo_count).toBe(0);
    const taken = await enrol(id, pair, '?face=1');
    expect(taken).toMatchObject({ status: 201, body: { person_id: id, quality: { blurred: false } } });
    const [, face] = (await logOf(await recognise({ 'pair.jpg': pair }))).entries[0]?.faces ?? [];
    expect(face).toMatchObject({ box: taken.body['box'], person: 'Somebody' });
  });
});

describe('verifying', () => {
  const pair = (a: Buffer, b: Buffer) =>
    send(VERIFY, [
      ['photo1', 'a.jpg', a],
      ['photo2', 'b.jpg', b],
    ]);

  it('tells the same from another', async () => {
    const [rufus, again] = [await drawnFace('Rufus'), await drawnFace('Rufus', { variant: 2, tilt: -4 })];
    expect(await pair(rufus, again)).toMatchObject({ status: 200, body: { success: true, same: true } });
    const other = await pair(rufus, await drawnFace('Aldo'));
    expect(other).toMatchObject({ status: 200, body: { same: false } });
    expect(other.body['confidence']).toBeLessThan(50);
  });

  it('of a photo without a face is refused', async () => {
    expect(await pair(await drawnFace('Rufus'), await orientedPhoto(1))).toMatchObject({
      status: 422,
      body: { code: 'no_face', error: 'There is no face on the second photo' },
    });
  });
});

it('strangers are grouped over a batch, named, and known from then on', async () => {
  const batch = await recognise({
    'a.jpg': await drawnFace('Aldo'),
    'b.jpg': await drawnFace('Aldo', { variant: 1, tilt: -4 }),
    'c.jpg': await drawnFace('Rufus'),
  });
  const path = `${batch.log_url}/unknowns`;
  const { groups } = unknownGroups.parse(await scene.client.json(path));
  expect(groups.map(({ faces }) => faces.map(({ filename }) => filename))).toEqual([
    ['a.jpg', 'b.jpg'],
    ['c.jpg'],
  ]);
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify({ name: 'Aldo' }) };
  const named = await scene.client.json<Person>(`${path}/${groups[0]?.id ?? ''}/name`, init);
  expect(named).toMatchObject({ name: 'Aldo', photo_count: 2 });
  const next = await recognise({ 'd.jpg': await drawnFace('Aldo', { variant: 2, tilt: 5 }) });
  expect(next.summary.persons_list).toEqual(['Aldo']);
});

it('what other models described is described anew when a worker starts', async () => {
  await addDrawn('Rufus');
  await scene.query(`update face_embeddings set model_id = 'another-model', embedding = '\\x00'`);
  await scene.query('update galleries set version = version + 1');
  const photos = { 'rufus.jpg': await drawnFace('Rufus', { variant: 2 }) };
  expect((await recognise(photos)).summary.recognized_count).toBe(0);
  await startWorker();
  const [job] = await scene.query<{ id: string }>(`select id from jobs where type = 'faces.reembed'`);
  const ended = await scene.client.follow(job?.id ?? '', () => undefined);
  expect(ended).toMatchObject({ status: 'completed', result: { embedded: 1, lost: 0 } });
  expect((await recognise(photos)).summary.recognized_count).toBe(1);
});

it('nothing that tells a face from others is in any answer, result or log of the ledger', async () => {
  await addDrawn('Rufus');
  const [row] = await scene.query<{ bytes: Buffer }>(
    'select embedding as bytes from face_embeddings limit 1',
  );
  const number = row?.bytes.readFloatLE(0).toString().slice(0, 7) ?? 'none';
  const told = await scene.query('select input, result, error, checkpoint from jobs');
  const audit = await scene.query('select * from audit_log');
  expect(JSON.stringify(told)).not.toContain(number);
  expect(JSON.stringify(told)).not.toContain('embedding');
  expect(JSON.stringify(audit)).not.toContain('Rufus');
});

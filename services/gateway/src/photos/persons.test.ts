import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { enrolled, person, personExport, personList } from '@mediaworks/contracts';
import type { MediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { png } from '../media/testing/samples.ts';
import {
  addPerson,
  bareFace,
  beginEnrolment,
  bring,
  endEnrolment,
  endPhotos,
  face,
  LATER,
  logOf,
  MODEL,
  nextJob,
  photo,
} from './testing/photo-scene.ts';

const PERSONS = '/api/persons';
const NOBODY = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

let stage: MediaStage;
let anna: MediaClient;
let bert: MediaClient;
let root: MediaClient;

beforeAll(async () => {
  stage = await openMediaStage();
  anna = stage.as('anna');
  bert = stage.as('bert');
  root = stage.as('root');
});
afterAll(() => stage.close());
afterEach(() => stage.wipe());

const show = async (id: string, client = anna) => person.parse((await client.get(`${PERSONS}/${id}`)).body);
const versionOf = async () =>
  (await stage.db.selectFrom('galleries').select('version').executeTakeFirst())?.version;
const me = { name: 'photo', filename: 'me.png', bytes: png };

describe('a person', () => {
  test('is made, shown, renamed and listed', async () => {
    const john = await addPerson(anna, '  John Doe ');
    expect(john).toMatchObject({ name: 'John Doe', photo_count: 0, photos: [] });
    expect(await anna.patch(`${PERSONS}/${john.id}`, { name: 'Johnny' })).toMatchObject({
      status: 200,
      body: { id: john.id, name: 'Johnny' },
    });
    expect((await show(john.id)).name).toBe('Johnny');
    const jane = await addPerson(anna, 'Jane');
    const first = personList.parse((await anna.get(`${PERSONS}?limit=1`)).body);
    expect(first).toMatchObject({ total: 2, persons: [{ id: jane.id }] });
    const second = personList.parse((await anna.get(`${PERSONS}?limit=1&cursor=${first.next_cursor}`)).body);
    expect(second).toMatchObject({ total: 2, next_cursor: null, persons: [{ id: john.id }] });
    expect((await anna.get(`${PERSONS}?cursor=nonsense`)).status).toBe(400);
  });

  test('has a name that its owner has once, in whatever letters', async () => {
    await addPerson(anna, 'John');
    const other = await addPerson(anna, 'Jane');
    const taken = { status: 409, body: { success: false, code: 'name_taken' } };
    expect(await anna.postJson(PERSONS, { name: 'JOHN' })).toMatchObject(taken);
    expect(await anna.patch(`${PERSONS}/${other.id}`, { name: 'john' })).toMatchObject(taken);
    await addPerson(bert, 'John');
  });

  test.each([[''], ['   '], ['a'.repeat(201)], ['two\nlines'], ['Unknown'], [' unknown'], [7], [null]])(
    'can not be called %j',
    async (name) => {
      expect((await anna.postJson(PERSONS, { name })).status).toBe(400);
    },
  );

  test('is nobody else’s', async () => {
    const john = await addPerson(anna, 'John');
    const jane = await addPerson(anna, 'Jane');
    const of = `${PERSONS}/${john.id}`;
    const answers = [
      await bert.get(of),
      await bert.patch(of, { name: 'x' }),
      await bert.remove(of),
      await bert.get(`${of}/export`),
      await bert.postJson(`${of}/merge`, { from: jane.id }),
      await bert.uploadTo(`${of}/photos`, me),
      await bert.remove(`${of}/photos/${NOBODY}`),
      await anna.get(`${PERSONS}/${NOBODY}`),
      await anna.get(`${PERSONS}/1`),
      await anna.remove(`${of}/photos/${NOBODY}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect((await bert.get(PERSONS)).body).toMatchObject({ total: 0, persons: [] });
    expect((await root.get(of)).status).toBe(200);
    expect(await stage.keys()).toEqual([]);
  });
});

describe('enrolling', () => {
  test('answers with the face that was taken', async () => {
    const { id } = await addPerson(anna, 'John');
    const written = nextJob(stage);
    const answered = anna.uploadTo(`${PERSONS}/${id}/photos?face=1`, me);
    await written;
    const row = await stage.db
      .selectFrom('person_photos as f')
      .innerJoin('jobs as j', 'j.id', 'f.job_id')
      .select(['f.id', 'f.job_id', 'j.input'])
      .executeTakeFirstOrThrow();
    expect(row.input).toMatchObject({ photo_id: row.id, face: 1 });
    expect((await show(id)).photo_count).toBe(0);
    await endEnrolment(stage, { id: row.id, job_id: row.job_id ?? '' });
    const { status, body } = await answered;
    expect(status).toBe(201);
    const { box, landmarks, quality } = bareFace;
    expect(enrolled.parse(body)).toMatchObject({ id: row.id, person_id: id, box, landmarks, quality });
    expect(await show(id)).toMatchObject({ photo_count: 1, photos: [{ id: row.id, score: 0.9 }] });
  });

  test.each([
    ['no_face', 422],
    ['several_faces', 422],
    ['blurred', 422],
    ['corrupt_media', 422],
    ['too_many_pixels', 413],
  ])('of a photo with %s is %i, and leaves nothing', async (code, status) => {
    const { id } = await addPerson(anna, 'John');
    const written = nextJob(stage);
    const answered = anna.uploadTo(`${PERSONS}/${id}/photos`, me);
    await written;
    const job = await stage.db.selectFrom('jobs').select('id').executeTakeFirstOrThrow();
    await stage.finish(
      { job_id: job.id },
      { error: { code, message: 'That will not do', retryable: false } },
    );
    expect(await answered).toMatchObject({
      status,
      body: { success: false, error: 'That will not do', code },
    });
    expect(await stage.keys()).toEqual([]);
    expect(await stage.count('person_photos')).toBe(0);
  });

  test('comes once with one Idempotency-Key', async () => {
    const { id } = await addPerson(anna, 'John');
    const send = () => anna.uploadTo(`${PERSONS}/${id}/photos`, me, {}, { ...LATER, 'idempotency-key': 'k' });
    const first = await send();
    expect(await send()).toMatchObject({ status: 202, body: first.body as object });
    expect(await stage.count('person_photos')).toBe(1);
    expect(await stage.keys()).toHaveLength(1);
  });

  test('by an administrator is done for the owner', async () => {
    const { id } = await addPerson(anna, 'John');
    const enrolment = await beginEnrolment(stage, root, id);
    await endEnrolment(stage, enrolment);
    expect((await show(id)).photo_count).toBe(1);
    expect((await anna.get(`/api/jobs/${enrolment.job_id}`)).status).toBe(200);
  });

  test('tells those who hold the gallery in memory', async () => {
    const { id } = await addPerson(anna, 'John');
    const enrolment = await beginEnrolment(stage, anna, id);
    expect(await versionOf()).toBeUndefined();
    await endEnrolment(stage, enrolment);
    expect(await versionOf()).toBe(1);
    expect((await anna.remove(`${PERSONS}/${id}/photos/${enrolment.id}`)).status).toBe(200);
    expect(await versionOf()).toBe(2);
    expect(await stage.keys()).toEqual([]);
    expect(await stage.count('face_embeddings')).toBe(0);
  });

  test('a face with a number that is none is 400', async () => {
    const { id } = await addPerson(anna, 'John');
    expect((await anna.uploadTo(`${PERSONS}/${id}/photos?face=-1`, me)).status).toBe(400);
  });
});

/** A person who was enrolled, and recognised on a photo beside another. */
async function recognised() {
  const [john, jane] = [await addPerson(anna, 'John'), await addPerson(anna, 'Jane')];
  for (const { id } of [john, jane]) await endEnrolment(stage, await beginEnrolment(stage, anna, id));
  const { batch_id } = await bring(anna, [photo('both.jpg')]);
  await endPhotos(stage, batch_id, [
    [face([john.id, 90], [jane.id, 70]), face([jane.id, 95], [john.id, 10])],
  ]);
  return { john, jane, batch_id };
}

describe('what was found before', () => {
  test('is told by the name of now', async () => {
    const { john, batch_id } = await recognised();
    await anna.patch(`${PERSONS}/${john.id}`, { name: 'Sir John' });
    const { entries, summary } = await logOf(anna, batch_id);
    expect(entries[0]?.primary_result).toEqual({ person: 'Sir John', confidence: 90 });
    expect(summary.persons_list).toEqual(['Sir John', 'Jane']);
  });

  test('of two persons who are one is of the one', async () => {
    const { john, jane, batch_id } = await recognised();
    const before = await versionOf();
    expect((await anna.postJson(`${PERSONS}/${john.id}/merge`, { from: john.id })).status).toBe(400);
    expect((await anna.postJson(`${PERSONS}/${john.id}/merge`, { from: NOBODY })).status).toBe(404);
    expect(await anna.postJson(`${PERSONS}/${john.id}/merge`, { from: jane.id })).toMatchObject({
      status: 200,
      body: { id: john.id, name: 'John', photo_count: 2 },
    });
    expect((await anna.get(`${PERSONS}/${jane.id}`)).status).toBe(404);
    expect(await versionOf()).toBeGreaterThan(before ?? 0);
    const { entries, summary } = await logOf(anna, batch_id);
    expect(entries[0]?.faces.map(({ top_3_matches }) => top_3_matches)).toEqual([
      [{ rank: 1, person: 'John', confidence: 90 }],
      [{ rank: 1, person: 'John', confidence: 95 }],
    ]);
    expect(summary).toMatchObject({ unique_persons: 1, persons_list: ['John'] });
    // And once more, along the same chain.
    const third = await addPerson(anna, 'Third');
    await anna.postJson(`${PERSONS}/${third.id}/merge`, { from: john.id });
    expect((await logOf(anna, batch_id)).summary.persons_list).toEqual(['Third']);
  });

  test('of a person who was erased names nobody, and keeps nothing of the face', async () => {
    const { john, batch_id } = await recognised();
    expect(await stage.count('photo_faces')).toBe(2);
    expect(await anna.remove(`${PERSONS}/${john.id}`)).toMatchObject({
      status: 200,
      body: { success: true },
    });
    const log = await logOf(anna, batch_id);
    expect(JSON.stringify(log)).not.toContain('John');
    expect(log.entries[0]).toMatchObject({
      primary_result: { person: 'Jane' },
      faces: [{ person: 'Jane', confidence: 70 }, { person: 'Jane' }],
    });
    expect(await stage.count('photo_faces')).toBe(1);
    expect(await stage.count('face_embeddings')).toBe(1);
    expect((await stage.keys()).filter((key) => key.startsWith('persons/'))).toHaveLength(1);
    const audit = await stage.db.selectFrom('audit_log').selectAll().execute();
    expect(JSON.stringify(audit)).not.toContain('John');
  });
});

test('an export holds all that is kept of a person, and opens the photos', async () => {
  const { john, batch_id } = await recognised();
  const told = personExport.parse((await anna.get(`${PERSONS}/${john.id}/export`)).body);
  expect(told).toMatchObject({
    person: { id: john.id, name: 'John', photo_count: 1 },
    photos: [{ score: 0.9, embeddings: [{ model_id: MODEL, dimensions: 2 }] }],
    seen_on: [{ batch_id, filename: 'both.jpg', confidence: 90, box: bareFace.box }],
  });
  const response = await stage.open(told.photos[0]?.url ?? '');
  expect(Buffer.from(await response.arrayBuffer())).toEqual(png);
});

test('describing everything anew is a job', async () => {
  const { status, body, headers } = await anna.post(`${PERSONS}/re-embed`);
  expect(status).toBe(202);
  const { job_id } = body as { job_id: string };
  expect(headers.get('location')).toBe(`https://media.example/api/jobs/${job_id}`);
  expect((await anna.get(`/api/jobs/${job_id}`)).body).toMatchObject({
    type: 'faces.reembed',
    status: 'queued',
  });
});

describe('verifying', () => {
  const parts = [1, 2].map((n) => ({ name: `photo${n}`, filename: `${n}.png`, bytes: png }));
  const ask = async (
    end: Parameters<MediaStage['finish']>[1],
    { query = '', fields = {} }: { query?: string; fields?: Record<string, string> } = {},
  ) => {
    const submit = stage.deps.dispatcher.submit;
    const written = new Promise<string>((resolve) => {
      stage.deps.dispatcher.submit = async (job) => {
        stage.deps.dispatcher.submit = submit;
        await submit(job);
        resolve(job.id);
      };
    });
    const answered = anna.uploadTo(`/api/batch-photos/verify${query}`, parts, fields);
    const job_id = await written;
    expect(await stage.keys()).toHaveLength(2);
    const job = await stage.db
      .selectFrom('jobs')
      .select('input')
      .where('id', '=', job_id)
      .executeTakeFirstOrThrow();
    await stage.finish({ job_id }, end);
    return { ...(await answered), input: job.input };
  };

  test('tells whether they are the same, and keeps neither', async () => {
    const result = {
      ...{ same: true, confidence: 93.1, similarity: 0.71, model_id: MODEL },
      ...{ faces: [bareFace, bareFace], face_counts: [1, 4] },
    };
    expect(await ask({ result })).toMatchObject({
      status: 200,
      input: { threshold: 50 },
      body: {
        ...{ success: true, same: true, confidence: 93.1, similarity: 0.71 },
        faces: [
          { photo: 1, face_count: 1, box: bareFace.box },
          { photo: 2, face_count: 4 },
        ],
      },
    });
    expect(await stage.keys()).toEqual([]);
  });

  test.each([
    { query: '?threshold=70', fields: {} },
    { query: '', fields: { threshold: '70' } },
    { query: '?threshold=20', fields: { threshold: '70' } },
  ])('takes the threshold of the form before that of the address: %j', async (where) => {
    const error = { code: 'no_face', message: 'The second photo shows no face', retryable: false };
    expect(await ask({ error }, where)).toMatchObject({ input: { threshold: 70 } });
  });

  test('without a face on one of them is 422', async () => {
    const error = { code: 'no_face', message: 'The second photo shows no face', retryable: false };
    expect(await ask({ error })).toMatchObject({
      status: 422,
      body: { success: false, code: 'no_face', error: 'The second photo shows no face' },
    });
    expect(await stage.keys()).toEqual([]);
  });
});

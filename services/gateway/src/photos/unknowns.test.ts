import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { unknownGroups } from '@mediaworks/contracts';
import type { MediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { addPerson, bring, endPhotos, face, LATER, logOf, nextJob, photo } from './testing/photo-scene.ts';

let stage: MediaStage;
let anna: MediaClient;
let batchId: string;
let photos: string[];
let path: string;

beforeAll(async () => {
  stage = await openMediaStage();
  anna = stage.as('anna');
});
afterAll(() => stage.close());

/** Two photos of the same stranger, who stands beside somebody known on the second; a third of another. */
beforeEach(async () => {
  const john = await addPerson(anna, 'John');
  const batch = await bring(anna, [photo('a.jpg'), photo('b.jpg'), photo('c.jpg')]);
  batchId = batch.batch_id;
  path = `/api/batch-photos/logs/${batchId}/unknowns`;
  await endPhotos(stage, batchId, [[face([john.id, 20])], [face([john.id, 90]), face()], [face()]]);
  const rows = await stage.db.selectFrom('photos').select('id').orderBy('position').execute();
  photos = rows.map(({ id }) => id);
});
afterEach(() => stage.wipe());

const faceOf = (n: number, face: number) => ({ photo_id: photos[n] ?? '', face });
const idOf = (n: number, face: number) => `${photos[n] ?? ''}.${face}`;
const groupOf = (...faces: [number, number][]) => ({
  id: idOf(...(faces[0] ?? [0, 0])),
  faces: faces.map(([n, face]) => faceOf(n, face)),
});

/** The newest grouping job, which a test ends itself. */
const groupingJob = () =>
  stage.db
    .selectFrom('jobs')
    .select(['id', 'input'])
    .where('type', '=', 'photos.group')
    .orderBy('created_at', 'desc')
    .executeTakeFirstOrThrow();

/** Asks for the groups while a worker says what they are. */
async function group(...groups: ReturnType<typeof groupOf>[]) {
  const written = nextJob(stage);
  const answered = anna.get(path);
  await written;
  await stage.finish({ job_id: (await groupingJob()).id }, { result: { groups } });
  return answered;
}

test('unknown faces are told in groups, and grouped once', async () => {
  const { status, body } = await group(groupOf([0, 0], [1, 1]), groupOf([2, 0]));
  expect(status).toBe(200);
  const box = { x: 10, y: 20, w: 30, h: 40 };
  const groups = [
    {
      id: idOf(0, 0),
      count: 2,
      faces: [
        { filename: 'a.jpg', box },
        { filename: 'b.jpg', box },
      ],
    },
    { id: idOf(2, 0), count: 1, faces: [{ filename: 'c.jpg', box }] },
  ];
  expect(unknownGroups.parse(body)).toEqual({ success: true, groups });
  expect((await anna.get(path)).body).toEqual(body);
  expect(
    await stage.db.selectFrom('jobs').where('type', '=', 'photos.group').select('id').execute(),
  ).toHaveLength(1);
});

test('a group that is named is a person from then on, here and in the gallery', async () => {
  await group(groupOf([0, 0], [1, 1]), groupOf([2, 0]));
  const named = await anna.postJson(`${path}/${idOf(0, 0)}/name`, { name: 'Maria' });
  expect(named).toMatchObject({ status: 200, body: { name: 'Maria', photo_count: 2 } });
  const { entries, summary } = await logOf(anna, batchId);
  expect(entries[0]).toMatchObject({
    recognized: true,
    primary_result: { person: 'Maria', confidence: 100 },
    top_3_matches: [
      { rank: 1, person: 'Maria' },
      { rank: 2, person: 'John', confidence: 20 },
    ],
  });
  expect(entries[1]?.faces.map(({ person }) => person)).toEqual(['John', 'Maria']);
  expect(summary.persons_list).toEqual(['Maria', 'John']);
  expect((await stage.keys()).filter((key) => key.startsWith('persons/'))).toHaveLength(2);
  expect(await stage.count('face_embeddings')).toBe(2);
  // The rest is grouped anew, and the group that was named is none any more.
  expect((await group(groupOf([2, 0]))).body).toMatchObject({ groups: [{ id: idOf(2, 0) }] });
  expect((await anna.postJson(`${path}/${idOf(0, 0)}/name`, { name: 'Else' })).status).toBe(404);
});

test('a name that is there already means that person', async () => {
  await group(groupOf([2, 0]));
  const named = await anna.postJson(`${path}/${idOf(2, 0)}/name`, { name: 'john' });
  expect(named).toMatchObject({ status: 200, body: { name: 'John', photo_count: 1 } });
  expect(await stage.count('persons')).toBe(1);
});

test('a name stays when the photo is looked at again', async () => {
  await group(groupOf([2, 0]));
  await anna.postJson(`${path}/${idOf(2, 0)}/name`, { name: 'Maria' });
  await stage.db.deleteFrom('photo_faces').execute();
  await endPhotos(stage, batchId, [[face()], [face(), face()], [face()]]);
  expect((await logOf(anna, batchId)).entries[2]?.primary_result.person).toBe('Maria');
});

test('grouping that takes longer is followed by its job', async () => {
  const { status, body } = await stage.as('anna').get(path, LATER);
  expect(status).toBe(202);
  expect(body).toMatchObject({ success: true, status: 'processing', job_id: (await groupingJob()).id });
});

test('a batch in which everybody is known has no groups', async () => {
  const { body } = await bring(anna, [photo('a.jpg')]).then(async ({ batch_id }) => {
    await endPhotos(stage, batch_id, [[]]);
    return anna.get(`/api/batch-photos/logs/${batch_id}/unknowns`);
  });
  expect(body).toEqual({ success: true, groups: [] });
});

test('nobody names another’s faces, nor a group that is none', async () => {
  await group(groupOf([2, 0]));
  const name = (client: MediaClient, id: string) => client.postJson(`${path}/${id}/name`, { name: 'Maria' });
  expect((await name(stage.as('bert'), idOf(2, 0))).status).toBe(404);
  expect((await name(anna, idOf(1, 0))).status).toBe(404);
  expect((await name(anna, 'nonsense')).status).toBe(404);
  expect((await anna.postJson(`${path}/${idOf(2, 0)}/name`, { name: '' })).status).toBe(400);
});

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { StorageError } from '@mediaworks/storage';
import { handmade, type MediaClient } from '../media/testing/media-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { mp4, playlist, png, svg } from '../media/testing/samples.ts';
import { addPerson, bring, LATER, logOf, photo, RECOGNIZE } from './testing/photo-scene.ts';

const LIMIT = 20_000;

let stage: MediaStage;
let anna: MediaClient;

beforeAll(async () => {
  stage = await openMediaStage({ MAX_PHOTO_BYTES: String(LIMIT), MAX_BATCH_BYTES: String(20 * LIMIT) });
  anna = stage.as('anna');
});
afterAll(() => stage.close());
afterEach(async () => {
  jest.restoreAllMocks();
  await stage.wipe();
});

const padded = (bytes: number) => Buffer.concat([png, Buffer.alloc(bytes)]);
const nothingLeft = async () => {
  expect(await stage.keys()).toEqual([]);
  expect(await stage.count('photo_batches')).toBe(0);
  expect(await stage.count('jobs')).toBe(0);
};
const refused = (status: number, body: object) => ({ status, body: { success: false, status, ...body } });

describe('a form that is no batch', () => {
  test('without a photo is 400', async () => {
    const error = 'No photos uploaded: send them in parts named photos[]';
    expect(await anna.uploadTo(RECOGNIZE, [], { threshold: '50' })).toMatchObject(
      refused(400, { code: 'missing_file', error }),
    );
    // What a browser sends of an input that nothing was chosen in.
    const empty = handmade('name="photos[]"; filename=""', Buffer.alloc(0));
    expect(await anna.raw(empty, 'multipart/form-data; boundary=x', RECOGNIZE)).toMatchObject(
      refused(400, { error }),
    );
    await nothingLeft();
  });

  test('with photos under another name is 400', async () => {
    for (const name of ['photos', 'file', 'photos[0]', 'photo[]']) {
      expect(await anna.uploadTo(RECOGNIZE, [photo('a.jpg'), { ...photo('b.jpg'), name }])).toMatchObject(
        refused(400, { code: 'missing_file' }),
      );
    }
    await nothingLeft();
  });

  test('of 101 photos is 400, and of 100 a batch', async () => {
    const parts = Array.from({ length: 100 }, (_, i) => photo(`${i}.jpg`));
    expect(await anna.uploadTo(RECOGNIZE, [...parts, photo('100.jpg')])).toMatchObject(
      refused(400, { code: 'too_many_files', error: 'Batch size exceeds maximum of 100 photos' }),
    );
    await nothingLeft();
    const batch = await bring(anna, parts);
    expect(batch.total_uploaded).toBe(100);
    const names = (await logOf(anna, batch.batch_id)).entries.map(({ filename }) => filename);
    expect(names).toEqual(parts.map(({ filename }) => filename));
  });

  test('that is larger than all of a batch is 413', async () => {
    const parts = Array.from({ length: 90 }, () => photo('a.jpg', padded(LIMIT - 200)));
    expect((await anna.uploadTo(RECOGNIZE, parts)).status).toBe(413);
    await nothingLeft();
  });

  test('that is JSON, or broken off, is 400', async () => {
    expect((await anna.postJson(RECOGNIZE, { photos: [] })).status).toBe(400);
    const open = handmade('name="photos[]"; filename="a.png"', png, false);
    expect(await anna.raw(open, 'multipart/form-data; boundary=x', RECOGNIZE)).toMatchObject(
      refused(400, { code: 'malformed_form' }),
    );
    await nothingLeft();
  });

  test.each(['101', '-1', 'high', 'NaN', '', ' '])('with the threshold %j is 400', async (threshold) => {
    expect((await anna.uploadTo(RECOGNIZE, [photo('a.jpg')], { threshold })).status).toBe(400);
    expect((await anna.uploadTo(`${RECOGNIZE}?threshold=${threshold}`, [photo('a.jpg')])).status).toBe(400);
    await nothingLeft();
  });

  test('whose sender goes away leaves nothing', async () => {
    const start = handmade('name="photos[]"; filename="a.png"', padded(3_000), false);
    const second = Buffer.from(
      '\r\n--x\r\nContent-Disposition: form-data; name="photos[]"; filename="b.png"\r\n\r\n',
    );
    const original = stage.store.put.bind(stage.store);
    const put = jest.spyOn(stage.store, 'put');
    const begun = new Promise<void>((resolve) => {
      put.mockImplementation((...given) => {
        if (put.mock.calls.length === 2) resolve();
        return original(...given);
      });
    });
    await anna.abandon(Buffer.concat([start, second, padded(200_000)]), 1_000_000, begun, RECOGNIZE);
    await Promise.allSettled(put.mock.results.map(({ value }) => value as Promise<unknown>));
    put.mockRestore();
    await expect(stage.count('photo_batches')).resolves.toBe(0);
  });

  test('while the store is away is 503, and leaves nothing', async () => {
    const original = stage.store.put.bind(stage.store);
    const put = jest.spyOn(stage.store, 'put');
    put.mockImplementation((...given) =>
      put.mock.calls.length === 2
        ? Promise.reject(new StorageError('unavailable', 'gone'))
        : original(...given),
    );
    expect((await anna.uploadTo(RECOGNIZE, [photo('a.jpg'), photo('b.jpg')])).status).toBe(503);
    put.mockRestore();
    await nothingLeft();
  });

  test('that the database refuses leaves nothing', async () => {
    await stage.refuse('photo_batches', async () => {
      expect((await anna.uploadTo(RECOGNIZE, [photo('a.jpg')])).status).toBe(500);
    });
    await nothingLeft();
  });

  test.each(['high', '101', ''])(
    'is not compared with the threshold %j, wherever it stands',
    async (threshold) => {
      const verify = '/api/batch-photos/verify';
      const parts = ['photo1', 'photo2'].map((name) => ({ name, filename: 'a.jpg', bytes: png }));
      expect(await anna.uploadTo(verify, parts, { threshold })).toMatchObject(
        refused(400, { code: 'invalid_request' }),
      );
      expect(await anna.uploadTo(`${verify}?threshold=${threshold}`, parts)).toMatchObject(
        refused(400, { code: 'invalid_request' }),
      );
      await nothingLeft();
    },
  );

  test.each(['', '-1', 'first'])('is not enrolled by the face %j', async (face) => {
    const { id } = await addPerson(anna, 'John');
    const part = { name: 'photo', filename: 'a.jpg', bytes: png };
    expect(await anna.uploadTo(`/api/persons/${id}/photos?face=${face}`, part, {}, LATER)).toMatchObject(
      refused(400, { code: 'invalid_request' }),
    );
    await nothingLeft();
  });
});

describe('a photo that is none', () => {
  test('is an entry with its error, whatever its name, and the rest goes on', async () => {
    const { batch_id, job_id } = await bring(anna, [
      photo('empty.jpg', Buffer.alloc(0)),
      photo('really-a.png.txt', png),
      photo('text.jpg', Buffer.from('I am not a photo at all')),
      photo('video.jpg', mp4(5_000)),
      photo('large.jpg', padded(LIMIT + 1)),
      photo('drawing.jpg', svg),
      photo('list.jpg', playlist),
      photo('last.jpg', png),
    ]);
    const { entries, status } = await logOf(anna, batch_id);
    expect(status).toBe('processing');
    expect(entries.map(({ filename, error }) => [filename, error?.code])).toEqual([
      ['empty.jpg', 'empty_media'],
      ['really-a.png.txt', undefined],
      ['text.jpg', 'unsupported_media'],
      ['video.jpg', 'unsupported_media'],
      ['large.jpg', 'too_large'],
      ['drawing.jpg', 'unsupported_media'],
      ['list.jpg', 'unsupported_media'],
      ['last.jpg', undefined],
    ]);
    expect(await stage.keys()).toHaveLength(2);
    expect(await anna.get(`/api/jobs/${job_id}`)).toMatchObject({ body: { children: { queued: 2 } } });
  });

  test('alone is a batch that is done', async () => {
    const answer = await anna.uploadTo(RECOGNIZE, [
      photo('text.jpg', Buffer.from('I am not a photo at all')),
    ]);
    expect(answer).toMatchObject({
      status: 200,
      body: { success: true, total_uploaded: 1, total_processed: 1, status: 'completed', job_id: null },
    });
  });

  test('is refused where it is the only one that is asked for', async () => {
    const { id } = await addPerson(anna, 'John');
    const path = `/api/persons/${id}/photos`;
    const send = (bytes: Uint8Array, name = 'photo') =>
      anna.uploadTo(path, { name, filename: 'a.jpg', bytes }, {}, LATER);
    expect(await send(Buffer.alloc(0))).toMatchObject(refused(400, { code: 'empty_media' }));
    expect(await send(Buffer.from('I am not a photo'))).toMatchObject(
      refused(415, { code: 'unsupported_media' }),
    );
    expect(await send(padded(LIMIT))).toMatchObject(refused(413, { code: 'too_large' }));
    expect(await send(png, 'photos[]')).toMatchObject(refused(400, { code: 'unexpected_file' }));
    const verify = '/api/batch-photos/verify';
    const one = { name: 'photo1', filename: 'a.jpg', bytes: png };
    expect(await anna.uploadTo(verify, one)).toMatchObject(refused(400, { code: 'missing_file' }));
    expect(await anna.uploadTo(verify, { ...one, name: 'photo2' })).toMatchObject(
      refused(400, { code: 'missing_file' }),
    );
    expect(await anna.uploadTo(verify, [one, { ...one, name: 'photo2', bytes: svg }])).toMatchObject(
      refused(415, { code: 'unsupported_media' }),
    );
    await nothingLeft();
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type MediaItem, mediaItem, mediaPage, mediaStats } from '@mediaworks/contracts';
import { tokenOf as tokenIn } from './object-keys.ts';
import type { MediaClient, Part } from './testing/media-client.ts';
import { type MediaStage, openMediaStage } from './testing/media-stage.ts';
import { imageResult, mp4, png, wav } from './testing/samples.ts';

const broken = { code: 'corrupt', message: 'It can not be read', retryable: false };

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

const upload = async (client: MediaClient, part: Part = { filename: 'photo.jpg', bytes: png }, fields = {}) =>
  mediaItem.parse((await client.upload(part, fields)).body);

const get = async (client: MediaClient, id: number): Promise<MediaItem> =>
  mediaItem.parse((await client.get(`/api/media/${id}/`)).body);

/** Ends a picture's job, with objects behind its renditions. */
const ready = async (item: MediaItem): Promise<MediaItem> => {
  const result = imageResult(
    tokenIn(new URL(item.urls.original ?? '').pathname.slice('/files/'.length)) ?? '',
  );
  for (const { key, mime } of Object.values(result.renditions))
    await stage.store.put(key, png, { contentType: mime });
  await stage.finish(item, { result });
  return get(anna, item.id);
};

const rowOf = (item: MediaItem) =>
  stage.db.selectFrom('media_items').selectAll().where('id', '=', item.id).executeTakeFirst();
const jobOf = (item: MediaItem) =>
  stage.db.selectFrom('jobs').selectAll().where('id', '=', item.job_id).executeTakeFirstOrThrow();

describe('an item', () => {
  test('that is ready shows every rendition at an address that opens', async () => {
    const item = await ready(await upload(anna));
    expect(item).toMatchObject({
      status: 'ready',
      width: 1_920,
      height: 1_080,
      thumbhash: 'AAAA',
      metadata: { format: 'jpeg' },
      error: null,
      progress: { percent: 100, stage: 'done' },
      display_url: item.urls.medium,
      thumbnail_url: item.urls.thumbnail,
      renditions: { medium: { width: 640, mime: 'image/jpeg', url: item.urls.medium } },
    });
    expect(Object.values(item.urls)).not.toContain(null);
    for (const address of Object.values(item.urls))
      expect((await stage.open(address ?? '')).status).toBe(200);
  });

  test('that failed says why, and so does a cancelled one', async () => {
    const item = await upload(anna);
    await stage.finish(item, { error: broken });
    expect(await get(anna, item.id)).toMatchObject({ status: 'failed', error: broken });

    const cancelled = await upload(anna);
    await anna.postJson(`/api/jobs/${cancelled.job_id}/cancel`, {});
    expect(await get(anna, cancelled.id)).toMatchObject({ status: 'failed', error: { code: 'cancelled' } });
  });

  test('whose probe tells sound in the container of a video is a sound', async () => {
    const item = await upload(anna, { filename: 'x.mp4', bytes: mp4(2_000) });
    const result = { ...imageResult('t'), kind: 'audio' as const, width: null, height: null, renditions: {} };
    await stage.finish(item, { result });
    expect(await get(anna, item.id)).toMatchObject({ file_type: 'audio', urls: { audio: null } });
    expect((await anna.get('/api/media/?type=audio')).body).toMatchObject({ count: 1 });
  });

  test('is its owner’s and the admins’ alone', async () => {
    const { id } = await upload(anna);
    expect((await root.get(`/api/media/${id}`)).status).toBe(200);
    const answers = await Promise.all([
      bert.get(`/api/media/${id}/`),
      bert.remove(`/api/media/${id}/`),
      bert.patch(`/api/media/${id}/`, { is_public: false }),
      bert.post(`/api/media/${id}/reprocess/`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(await get(anna, id)).toMatchObject({ id, is_public: true });
  });

  test.each(['0', '-1', '1.5', 'abc', '99999999999999999999', '9007199254740991', '%00'])(
    '%s is none',
    async (id) => {
      const { status, body } = await anna.get(`/api/media/${id}/`);
      expect(status).toBe(404);
      expect(body).toMatchObject({ detail: 'Not found.', code: 'not_found' });
    },
  );
});

describe('a list', () => {
  let items: MediaItem[];
  beforeEach(async () => {
    items = [];
    for (const bytes of [png, png, wav, mp4(2_000), png]) items.push(await upload(anna, { bytes }));
    await upload(bert);
    const [first, second] = items;
    if (!first || !second) throw new Error('nothing was uploaded');
    await ready(first);
    await stage.finish(second, { error: broken });
  });
  const list = async (client: MediaClient, query: string) => {
    const { status, body } = await client.get(`/api/media/${query}`);
    expect(status).toBe(200);
    const page = mediaPage.parse(body);
    return { ...page, ids: page.results.map(({ id }) => id) };
  };

  test('holds its owner’s items, newest first; an admin’s holds all', async () => {
    const page = await list(anna, '');
    expect(page).toMatchObject({ count: 5, next: null, previous: null });
    expect(page.ids).toEqual(items.map(({ id }) => id).reverse());
    expect((await list(root, '')).count).toBe(6);
    expect((await list(stage.as('carla'), '')).count).toBe(0);
  });

  test.each([
    ['?type=image', 3],
    ['?type=video', 1],
    ['?type=audio', 1],
    ['?status=ready', 1],
    ['?status=failed', 1],
    ['?status=processing', 3],
    ['?status=uploading', 0],
    ['?type=image&status=ready', 1],
    ['?type=audio&status=ready', 0],
  ])('with %s has %d', async (query, count) => {
    expect((await list(anna, query)).count).toBe(count);
  });

  test('has pages that keep the filters', async () => {
    const base = 'https://media.example/api/media/';
    const first = await list(anna, '?type=image&page_size=1');
    expect(first).toMatchObject({ count: 3, next: `${base}?type=image&page_size=1&page=2`, previous: null });
    const second = await list(anna, '?type=image&page_size=1&page=2');
    expect(second.next).toBe(`${base}?type=image&page_size=1&page=3`);
    expect(second.previous).toBe(`${base}?type=image&page_size=1`);
    const last = await list(anna, '?type=image&page_size=1&page=last');
    expect(last).toMatchObject({ next: null, previous: `${base}?type=image&page_size=1&page=2` });
    expect([...first.ids, ...second.ids, ...last.ids]).toEqual([items[4]?.id, items[1]?.id, items[0]?.id]);
    expect((await list(anna, '?page_size=100000')).ids).toHaveLength(5);
  });

  test.each(['2', '0', '-1', 'abc', '99999999999999999999'])('has no page %s', async (page) => {
    const { status, body } = await anna.get(`/api/media/?page=${page}`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ detail: 'Invalid page.' });
  });

  test.each(['type=pdf', 'status=done', 'page_size=0', 'page_size=x', 'type=image&type=video'])(
    'refuses %s',
    async (query) => {
      expect((await anna.get(`/api/media/?${query}`)).status).toBe(400);
    },
  );

  test('has its figures', async () => {
    const stats = mediaStats.parse((await anna.get('/api/media/stats/')).body);
    expect(stats).toEqual({
      total: 5,
      by_type: { image: 3, video: 1, audio: 1 },
      by_status: { ready: 1, processing: 3, failed: 1, uploading: 0 },
      total_size: 3 * png.length + wav.length + 2_000,
    });
    expect((await root.get('/api/media/stats')).body).toMatchObject({ total: 6 });
    const none = { total: 0, total_size: 0, by_type: { image: 0 } };
    expect((await stage.as('carla').get('/api/media/stats/')).body).toMatchObject(none);
  });
});

describe('is_public', () => {
  const status = async (address: string | null | undefined) => (await stage.open(address ?? '')).status;
  const bare = (address: string | null | undefined) => (address ?? '').split('?')[0] ?? '';

  test('opens the renditions to anyone, at once and no longer; never the original', async () => {
    const open = await ready(await upload(anna));
    expect(open.urls.medium).toBe(bare(open.urls.medium));
    expect(await status(open.urls.medium)).toBe(200);
    expect(await status(bare(open.urls.original))).toBe(404);

    const closed = mediaItem.parse((await anna.patch(`/api/media/${open.id}/`, { is_public: false })).body);
    expect(closed.is_public).toBe(false);
    expect(await status(open.urls.medium)).toBe(404);
    expect(closed.urls.medium).not.toBe(open.urls.medium);
    expect(await status(closed.urls.medium)).toBe(200);

    await anna.patch(`/api/media/${open.id}`, { is_public: true });
    expect(await status(open.urls.medium)).toBe(200);
  });

  test.each([{}, { is_public: 'yes' }, { is_public: true, user: 1 }, []])(
    'is not changed by %j',
    async (body) => {
      const { id } = await upload(anna);
      expect((await anna.patch(`/api/media/${id}/`, body)).status).toBe(400);
    },
  );
});

describe('a deletion', () => {
  test('takes the row, cancels the job and leaves the objects to a job of their own', async () => {
    const item = await upload(anna);
    const row = await rowOf(item);
    expect(await anna.remove(`/api/media/${item.id}/`)).toMatchObject({ status: 204, body: undefined });
    expect(await rowOf(item)).toBeUndefined();
    expect(await jobOf(item)).toMatchObject({ status: 'cancelled' });
    const purge = await stage.db
      .selectFrom('jobs')
      .selectAll()
      .where('type', '=', 'media.purge')
      .executeTakeFirst();
    expect(purge).toMatchObject({
      status: 'queued',
      owner_id: item.user,
      input: { keys: [row?.original_key] },
    });
    expect((purge?.input as { prefixes: string[] }).prefixes).toContain(`media/medium/${row?.token ?? ''}_`);
    expect((await anna.get(`/api/media/${item.id}/`)).status).toBe(404);
    expect((await anna.remove(`/api/media/${item.id}/`)).status).toBe(404);
  });

  test('of what is ready names every object, and shuts its addresses at once', async () => {
    const item = await ready(await upload(anna));
    const keys = await stage.keys();
    await anna.remove(`/api/media/${item.id}/`);
    const purge = await stage.db
      .selectFrom('jobs')
      .selectAll()
      .where('type', '=', 'media.purge')
      .executeTakeFirst();
    expect(new Set((purge?.input as { keys: string[] }).keys)).toEqual(new Set(keys));
    for (const address of Object.values(item.urls))
      expect((await stage.open(address ?? '')).status).toBe(404);
  });

  test('while the store is away is left to the job', async () => {
    const item = await upload(anna);
    jest.spyOn(stage.store, 'remove').mockRejectedValueOnce(new Error('the store is away'));
    expect((await anna.remove(`/api/media/${item.id}/`)).status).toBe(204);
    expect(await stage.keys()).toHaveLength(1);
  });
});

describe('reprocessing', () => {
  test('runs a failed item again', async () => {
    const item = await upload(anna);
    await stage.finish(item, { error: broken });
    const { status, body } = await anna.post(`/api/media/${item.id}/reprocess/`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: item.id, status: 'processing', error: null, progress: { percent: 0 } });
    expect(await jobOf(item)).toMatchObject({ status: 'queued', run: 2 });
  });

  test('is refused for anything else', async () => {
    const item = await upload(anna);
    const { status, body } = await anna.post(`/api/media/${item.id}/reprocess`);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'not_failed', detail: expect.stringContaining('processing') });
    await ready(item);
    expect((await anna.post(`/api/media/${item.id}/reprocess/`)).status).toBe(409);
  });

  test('with an Idempotency-Key answers the same when it is asked again', async () => {
    const key = { 'idempotency-key': 'again' };
    const item = await upload(anna);
    expect((await anna.post(`/api/media/${item.id}/reprocess/`, key)).status).toBe(409);
    await stage.finish(item, { error: broken });
    expect((await anna.post(`/api/media/${item.id}/reprocess/`, key)).status).toBe(200);
    expect((await anna.post(`/api/media/${item.id}/reprocess/`, key)).status).toBe(200);
    expect(await jobOf(item)).toMatchObject({ run: 2 });
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type MediaItem, mediaItem } from '@mediaworks/contracts';
import { sql } from 'kysely';
import { lastStroke } from '../nightly/chores.ts';
import { doIfDue } from '../nightly/start-nightly.ts';
import { type Cleaned, type CleanupOptions, mediaCleanup } from './cleanup.ts';
import { type MediaStage, openMediaStage } from './testing/media-stage.ts';
import { png } from './testing/samples.ts';

const DAY_MS = 86_400_000;
const broken = { code: 'corrupt', message: 'It can not be read', retryable: false };

describe('the last stroke of an hour', () => {
  test.each([
    ['2026-03-05T02:00:00Z', '2026-03-05T02:00:00.000Z'],
    ['2026-03-05T23:59:59Z', '2026-03-05T02:00:00.000Z'],
    ['2026-03-01T01:59:59Z', '2026-02-28T02:00:00.000Z'],
  ])('at %s was %s', (now, stroke) => {
    expect(lastStroke(new Date(now), 2).toISOString()).toBe(stroke);
  });
});

describe('the nightly cleanup', () => {
  let stage: MediaStage;
  let options: CleanupOptions;
  const tomorrow = new Date(Date.now() + DAY_MS);
  const clean = (now: Date, changes: Partial<CleanupOptions> = {}): Promise<Cleaned | undefined> =>
    doIfDue(
      { ...stage, hour: 2 },
      mediaCleanup({ ...options, ...changes }),
      now,
      new AbortController().signal,
    );

  beforeAll(async () => {
    stage = await openMediaStage();
    const { db, store } = stage;
    options = { db, store, nudge: () => undefined, retentionMs: 7 * DAY_MS };
  });
  afterAll(() => stage.close());
  beforeEach(async () => {
    // A house that was cleaned just now; the next time is tomorrow's.
    await sql`
      insert into chores (name, last_run_at) values ('media-cleanup', now())
      on conflict (name) do update set last_run_at = now(), held_until = null`.execute(stage.db);
  });
  afterEach(() => stage.wipe());

  const failed = async (ageMs: number): Promise<MediaItem> => {
    const item = mediaItem.parse((await stage.as('anna').upload({ bytes: png })).body);
    await stage.finish(item, { error: broken });
    await sql`update jobs set finished_at = now() - ${ageMs} * interval '1 ms' where id = ${item.job_id}`.execute(
      stage.db,
    );
    return item;
  };
  const items = async () =>
    (await stage.db.selectFrom('media_items').select('id').execute()).map(({ id }) => id);

  test('removes what failed more than a week ago, and only that', async () => {
    await failed(7 * DAY_MS + 60_000);
    const recent = await failed(7 * DAY_MS - 60_000);
    const processing = mediaItem.parse((await stage.as('anna').upload({ bytes: png })).body);
    expect(await clean(tomorrow)).toEqual({ failed: 1, orphans: 0 });
    expect(await items()).toEqual([recent.id, processing.id]);
    const purges = await stage.db
      .selectFrom('jobs')
      .select('input')
      .where('type', '=', 'media.purge')
      .execute();
    expect(purges).toHaveLength(1);
  });

  test('removes objects that no item knows, once they are old enough', async () => {
    await failed(0);
    const [known] = await stage.keys();
    const orphan = `media/user_1/image/${'0'.repeat(32)}_photo.png`;
    const rendition = `media/medium/${'1'.repeat(32)}_photo_medium.jpg`;
    const other = 'lectures/user_1/video.mp4';
    for (const key of [orphan, rendition, other]) await stage.store.put(key, png);
    expect(await clean(tomorrow)).toEqual({ failed: 0, orphans: 0 });
    await sql`update chores set last_run_at = now() - interval '2 days'`.execute(stage.db);
    expect(await clean(new Date(), { orphanAgeMs: 0 })).toEqual({ failed: 0, orphans: 2 });
    expect(await stage.keys()).toEqual([other, known]);
  });

  test('is done once a night, by one of any number of processes, and not again after a restart', async () => {
    await failed(8 * DAY_MS);
    const done = await Promise.all(Array.from({ length: 6 }, () => clean(tomorrow)));
    expect(done.filter((cleaned) => cleaned !== undefined)).toEqual([{ failed: 1, orphans: 0 }]);
    expect(await clean(tomorrow)).toBeUndefined();
    expect(await clean(new Date(tomorrow.getTime() + DAY_MS))).toEqual({ failed: 0, orphans: 0 });
  });

  test('that broke off is done by the next to look', async () => {
    const item = await failed(8 * DAY_MS);
    const store = {
      ...stage.store,
      list: () => {
        throw new Error('the store is away');
      },
    };
    await expect(clean(tomorrow, { store })).rejects.toThrow('the store is away');
    expect(await items()).not.toContain(item.id);
    expect(await clean(tomorrow)).toEqual({ failed: 0, orphans: 0 });
  });

  test('of a process that died is done when its time is over', async () => {
    await sql`update chores set held_until = now() + interval '1 minute'`.execute(stage.db);
    expect(await clean(tomorrow)).toBeUndefined();
    await sql`update chores set held_until = now() - interval '1 s'`.execute(stage.db);
    expect(await clean(tomorrow)).toEqual({ failed: 0, orphans: 0 });
  });

  test('has nothing to do in a new house', async () => {
    await sql`truncate chores`.execute(stage.db);
    expect(await clean(new Date())).toBeUndefined();
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { lectureAccepted } from '@mediaworks/contracts';
import { sql } from 'kysely';
import { createIngest } from '../ingest.ts';
import { lectureCleanup } from '../lectures/cleanup.ts';
import { convert, upload } from '../lectures/testing/lecture-client.ts';
import { type MediaStage, openMediaStage } from '../media/testing/media-stage.ts';
import { mp4 } from '../media/testing/samples.ts';
import { type Chore, doIfDue } from '../nightly/start-nightly.ts';
import { stagingCleanup } from './cleanup.ts';
import { insertStaged } from './queries.ts';

const KB = 1_024;
const DAY_MS = 86_400_000;
const ID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

let stage: MediaStage;

beforeAll(async () => {
  stage = await openMediaStage();
});
afterAll(() => stage.close());
beforeEach(() => rest());
afterEach(() => stage.wipe());

/** A house that was cleaned just now; the next time is tomorrow's. */
const rest = () =>
  sql`insert into chores (name, last_run_at) values ('staging-cleanup', now()), ('lecture-cleanup', now())
      on conflict (name) do update set last_run_at = now(), held_until = null`.execute(stage.db);
const night = <Done extends object>(chore: Chore<Done>) =>
  doIfDue({ ...stage, hour: 2 }, chore, new Date(Date.now() + DAY_MS), new AbortController().signal);
const cleanStaging = (orphanAgeMs = DAY_MS) => {
  const { staging, finish } = createIngest(stage.deps);
  const { db, store, log } = stage;
  const by = { origin: {}, actorId: null };
  const chore = stagingCleanup({
    ...{ db, store, log, staging, orphanAgeMs },
    retentionMs: DAY_MS,
    finish: (whole) => finish(whole, by),
  });
  return night(chore);
};
const age = (interval: string) =>
  sql`update staged_uploads set touched_at = now() - ${interval}::interval, finished_at = finished_at - ${interval}::interval`.execute(
    stage.db,
  );
const sendChunk = (fileId: string, index = 0) =>
  stage
    .as('anna')
    .uploadTo(
      '/upload-chunk',
      { name: 'chunk', bytes: mp4(9 * KB) },
      { chunk_index: String(index), total_chunks: '2', file_id: fileId },
    );

describe('the night', () => {
  test('removes uploads that nobody went on with, and only those', async () => {
    await sendChunk('old');
    await age('25 hours');
    await sendChunk('new');
    expect(await cleanStaging()).toEqual({ uploads: 1, orphans: 0 });
    const { rows } = await sql`select file_id from staged_uploads`.execute(stage.db);
    expect(rows).toEqual([{ file_id: 'new' }]);
    expect(await stage.keys()).toHaveLength(1);
  });

  test('leaves alone what is just being put together', async () => {
    await sendChunk('old');
    await age('25 hours');
    await sql`update staged_uploads set held_until = now() + interval '1 minute'`.execute(stage.db);
    expect(await cleanStaging()).toEqual({ uploads: 0, orphans: 0 });
  });

  test('remembers for a week what an upload became', async () => {
    await sendChunk('a');
    await sendChunk('a', 1);
    const body = { file_id: 'a', total_chunks: 2, original_filename: 'a.mp4' };
    const made = lectureAccepted.parse((await stage.as('anna').postJson('/assemble-file', body)).body);
    await age('6 days');
    expect(await cleanStaging()).toEqual({ uploads: 0, orphans: 0 });
    expect((await stage.as('anna').postJson('/assemble-file', body)).body).toEqual(made);
    await age('8 days');
    await rest();
    expect(await cleanStaging()).toEqual({ uploads: 1, orphans: 0 });
    expect(await stage.keys()).toEqual([made.s3_key]);
  });

  test('finishes an upload of which every byte had come', async () => {
    await upload(stage.as('anna'));
    const [owner] = await stage.db.selectFrom('users').select('id').execute();
    const video = mp4(9 * KB);
    const owner_id = owner?.id ?? 0;
    await insertStaged(stage.db, {
      ...{ id: ID, owner_id, service: 'lectures', total_bytes: video.length },
      metadata: { filename: 'a.mp4' },
    });
    await stage.store.put('chunks/1/x', video);
    await sql`insert into staged_parts values (${ID}, 0, ${video.length}, 'chunks/1/x')`.execute(stage.db);
    await age('25 hours');
    expect(await cleanStaging()).toEqual({ uploads: 0, orphans: 0 });
    expect((await stage.as('anna').get(`/status/${ID}`)).body).toMatchObject({ filename: 'a.mp4' });
    expect(await stage.count('staged_parts')).toBe(0);
  });

  test('removes pieces that no upload knows, once they are old enough', async () => {
    await sendChunk('a');
    await stage.store.put('chunks/7/orphan', mp4(KB));
    expect(await cleanStaging()).toEqual({ uploads: 0, orphans: 0 });
    await rest();
    expect(await cleanStaging(0)).toEqual({ uploads: 0, orphans: 1 });
    expect(await stage.keys()).toHaveLength(1);
  });

  test('removes objects that no lecture knows, and no video that another still needs', async () => {
    const first = await upload(stage.as('anna'), { filename: 'a.mp4', bytes: mp4(9 * KB) });
    await convert(stage, first);
    const { keys } = stage;
    const known = await keys();
    const orphans = [
      `videos/${ID}/a.mp4`,
      `captions/${ID}/a.srt`,
      `pdfs/${ID}.pdf`,
      `subtitles/${ID}.srt`,
      `manifests/${ID}.json`,
    ];
    for (const key of [...orphans, 'videos/not-ours.mp4']) await stage.store.put(key, Buffer.from('x'));
    const clean = (orphanAgeMs: number) => night(lectureCleanup({ ...stage, orphanAgeMs }));
    expect(await clean(DAY_MS)).toEqual({ orphans: 0 });
    await rest();
    expect(await clean(0)).toEqual({ orphans: orphans.length });
    expect(new Set(await keys())).toEqual(new Set([...known, 'videos/not-ours.mp4']));

    const second = await upload(stage.as('anna'), {
      filename: 'b.mp4',
      bytes: Buffer.concat([await bytes(first.s3_key)]),
    });
    expect(second.s3_key).toBe(first.s3_key);
    await stage.as('anna').remove(`/videos/${first.video_id}`);
    await rest();
    expect(await clean(0)).toEqual({ orphans: 0 });
    expect(await keys()).toContain(first.s3_key);
  });
});

async function bytes(key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await stage.store.get(key)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

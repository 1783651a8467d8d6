import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { insertJobs, newJob } from './enqueue.ts';
import { deferred, openStage, type Stage, transcodeResult } from './testing/stage.ts';

jest.setTimeout(30_000);

describe('of more work than workers take soon', () => {
  let stage: Stage;
  beforeEach(async () => {
    // At its first look the sweeper takes a Redis that is new for one that has lost all, and tells everything again.
    stage = await openStage({ sweepIntervalMs: 60_000 });
  });
  afterEach(() => stage.close());

  const inRedis = () =>
    stage.dispatcher.queues.get('media-transcoder')?.getJobCounts('waiting', 'prioritized');
  const untilUntold = async (count: number) => {
    for (;;) {
      const { rows } = await sql<{
        n: number;
      }>`select count(*)::int as n from outbox where told_at is null`.execute(stage.db);
      if (rows[0]?.n === count) return;
    }
  };

  it('Redis holds a part; what is interactive is not behind it; all of it is done in the end', async () => {
    const bulk = Array.from({ length: 1_200 }, () =>
      newJob('media.purge', { keys: [], prefixes: [] }, { ownerId: stage.owner }),
    );
    await insertJobs(stage.db, bulk);
    stage.dispatcher.nudge();
    await untilUntold(200);
    expect(await inRedis()).toMatchObject({ waiting: 0, prioritized: 1_000 });

    const interactive = await stage.submit('media.transcode');
    await untilUntold(200);
    expect(await inRedis()).toMatchObject({ waiting: 1, prioritized: 1_000 });

    const done: string[] = [];
    const all = deferred();
    const note = (id: string) => {
      done.push(id);
      if (done.length === bulk.length + 1) all.resolve();
    };
    stage.startWorker(
      {
        'media.transcode': (_input, ctx) => {
          note(ctx.job.id);
          return Promise.resolve(transcodeResult);
        },
        'media.purge': (_input, ctx) => {
          note(ctx.job.id);
          return Promise.resolve({ removed: 0 });
        },
      },
      50,
    );
    await all.promise;
    expect(new Set(done)).toEqual(new Set([interactive, ...bulk.map((job) => job.id)]));
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { cancelTree, claimJobs, completeJobs, retryJobs } from './ledger.ts';
import { relayOnce } from './relay.ts';
import { forgetEnded, reclaimExpired, retellForgotten, startSweeper } from './sweeper.ts';
import { silentLog as log } from './testing/silent-log.ts';
import { countOpenJobs } from './views.ts';
import { deferred, openStage, type Stage, transcodeResult } from './testing/stage.ts';

jest.setTimeout(15_000);

const deadWorker = { id: '00000000-0000-4000-8000-00000000dead', leaseMs: 1 };

describe('what is lost comes back', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage({ leaseMs: 1_500, sweepIntervalMs: 100 });
  });
  afterEach(() => stage.close());

  it('a job whose worker died, without costing a try', async () => {
    const id = await stage.submit();
    await claimJobs(stage.db, [{ id, run: 1 }], deadWorker);
    stage.startWorker({ 'media.transcode': () => Promise.resolve(transcodeResult) });
    const job = await stage.ended(id);
    expect(job).toMatchObject({ status: 'completed', attempt: 1 });
    expect(job.attempts.map((attempt) => attempt.error?.code ?? null)).toEqual(['crashed', null]);
  });

  it('but not a job that stopped its worker three times', async () => {
    const id = await stage.submit();
    for (let crash = 0; crash < 3; crash++) {
      await stage.untilStatus(id, 'queued');
      await claimJobs(stage.db, [{ id, run: 1 }], deadWorker);
      await stage.until(id, (job) => job.attempts.length === crash + 1 && job.status !== 'processing');
    }
    expect(await stage.ended(id)).toMatchObject({ status: 'failed', error: { code: 'poison' } });
  });

  it('every delivery, when Redis forgets all of them', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => stage.submit()));
    while (
      (
        await sql<{ n: number }>`select count(*)::int as n from outbox where told_at is null`.execute(
          stage.db,
        )
      ).rows[0]?.n !== 0
    ) {
      await relayOnce(stage.db, stage.dispatcher.queues);
    }
    const keys = await stage.redis.keys(`${stage.prefix}:*`);
    expect(keys.length).toBeGreaterThan(50);
    await stage.redis.del(...keys);
    const runs = new Map<string, number>();
    stage.startWorker({
      'media.transcode': (_input, ctx) => {
        runs.set(ctx.job.id, (runs.get(ctx.job.id) ?? 0) + 1);
        return Promise.resolve(transcodeResult);
      },
    });
    for (const id of ids) await stage.untilStatus(id, 'completed');
    expect([...runs.values()]).toEqual(ids.map(() => 1));
  });

  it('what a stopping worker had in hand, without costing a try', async () => {
    const started = deferred();
    const first = stage.startWorker({
      'media.transcode': (_input, ctx) => {
        started.resolve();
        return new Promise((_resolve, reject) => {
          ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error));
        });
      },
    });
    const id = await stage.submit();
    await started.promise;
    await first.stop(0);
    stage.startWorker({ 'media.transcode': () => Promise.resolve(transcodeResult) });
    const job = await stage.ended(id);
    expect(job).toMatchObject({ status: 'completed', attempt: 1 });
    expect(job.attempts).toHaveLength(2);
  });

  it('interactive work goes before bulk', async () => {
    const order: string[] = [];
    for (let n = 0; n < 3; n++) await stage.submit('media.purge');
    const interactive = await stage.submit('media.transcode');
    while (
      (
        await sql<{ n: number }>`select count(*)::int as n from outbox where told_at is null`.execute(
          stage.db,
        )
      ).rows[0]?.n !== 0
    ) {
      await relayOnce(stage.db, stage.dispatcher.queues);
    }
    const all = deferred();
    const note = (type: string) => {
      order.push(type);
      if (order.length === 4) all.resolve();
    };
    stage.startWorker(
      {
        'media.transcode': () => {
          note('interactive');
          return Promise.resolve(transcodeResult);
        },
        'media.purge': () => {
          note('bulk');
          return Promise.resolve({ removed: 0 });
        },
      },
      1,
    );
    await all.promise;
    expect(order[0]).toBe('interactive');
    await stage.ended(interactive);
  });

  it('two relays tell each job once, two sweepers take each job back once', async () => {
    const ids = await Promise.all(Array.from({ length: 100 }, () => stage.submit()));
    await Promise.all(Array.from({ length: 4 }, () => relayOnce(stage.db, stage.dispatcher.queues)));
    await claimJobs(
      stage.db,
      ids.map((id) => ({ id, run: 1 })),
      deadWorker,
    );
    const taken = await Promise.all(Array.from({ length: 4 }, () => reclaimExpired(stage.db)));
    const reclaimed = taken.flat().map((job) => job.id);
    expect(new Set(reclaimed).size).toBe(reclaimed.length);
  });
});

describe('a job whose delivery Redis forgot', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage({ sweepIntervalMs: 3_600_000 });
  });
  afterEach(() => stage.close());

  const untold = async () => {
    const { rows } = await sql<{ id: string }>`select job_id as id from outbox where told_at is null`.execute(
      stage.db,
    );
    return rows.map((row) => row.id).sort();
  };

  // Of a queue that no relay knows, so that it stays as it is.
  const tell = (id: string, told: string | null) =>
    sql`update outbox set queue = 'unknown', told_at = now() + ${told}::interval where job_id = ${id}`.execute(
      stage.db,
    );

  it('is told again a minute after it was told, due and touched, unless it is worked on', async () => {
    const submitted = async (told: string | null, touched = '-3 min', due: string | null = null) => {
      const id = await stage.submit();
      await tell(id, told);
      await sql`update jobs set updated_at = now() + ${touched}::interval, next_run_at = now() + ${due}::interval
        where id = ${id}`.execute(stage.db);
      return id;
    };
    const lost = [await submitted('-61 s', '-61 s'), await submitted('-3 min', '-3 min', '-61 s')];
    await submitted('-50 s');
    await submitted('-3 min', '-50 s');
    await submitted('-3 min', '-3 min', '-50 s');
    const workedOn = await submitted('-3 min');
    await claimJobs(stage.db, [{ id: workedOn, run: 1 }], { ...deadWorker, leaseMs: 60_000 });
    await sql`update jobs set updated_at = now() - interval '3 min' where id = ${workedOn}`.execute(stage.db);
    const waiting = await submitted(null);

    expect(await retellForgotten(stage.db)).toBe(2);
    expect(await untold()).toEqual([...lost, waiting].sort());
    expect(await retellForgotten(stage.db)).toBe(0);
  });

  it('leaves the outbox once its run has ended; nobody waits for a relay that is just telling it', async () => {
    const [done, cancelled, again, open] = [
      await stage.submit(),
      await stage.submit(),
      await stage.submit(),
      await stage.submit(),
    ];
    for (const id of [done, again, open]) await tell(id, '0 s');
    const claims = await claimJobs(stage.db, [{ id: done, run: 1 }], { ...deadWorker, leaseMs: 60_000 });
    await stage.db.transaction().execute(async (relay) => {
      await sql`select from outbox for update`.execute(relay);
      const ended = await completeJobs(stage.db, [
        { id: done, claim: claims.get(done)?.claim ?? 0, result: transcodeResult },
      ]);
      expect(ended.size).toBe(1);
      expect(await cancelTree(stage.db, cancelled, 'not wanted')).toHaveLength(1);
      await cancelTree(stage.db, again, 'not wanted');
      expect(await forgetEnded(stage.db)).toBe(0);
    });
    await tell(cancelled, '0 s');
    expect((await retryJobs(stage.db, [{ id: again }])).size).toBe(1);
    expect(await forgetEnded(stage.db)).toBe(3);
    const { rows } = await sql<{ id: string; run: number }>`
      select job_id as id, run from outbox order by run`.execute(stage.db);
    expect(rows).toEqual([
      { id: open, run: 1 },
      { id: again, run: 2 },
    ]);
  });

  it('is told at the next sweep where there are more than one look takes', async () => {
    await sql`
      with added as (
        insert into jobs (id, type, queue, owner_id, priority, input, max_attempts, updated_at)
        select gen_random_uuid(), 'media.purge', 'media-transcoder', ${stage.owner}, 'bulk',
          '{"keys": [], "prefixes": []}', 3, now() - interval '3 min'
        from generate_series(1, 1200) returning *)
      insert into outbox (job_id, run, type, queue, priority, told_at)
      select id, run, type, 'unknown', priority, now() - interval '3 min' from added`.execute(stage.db);
    // Redis lost some deliveries, not its data.
    await stage.redis.set(`${stage.prefix}:alive`, 'yes');
    const twice = deferred();
    let times = 0;
    const sweeper = startSweeper({
      db: stage.db,
      redis: stage.redis,
      prefix: stage.prefix,
      intervalMs: 20,
      log,
      onSwept: () => {
        if (++times === 2) twice.resolve();
      },
    });
    await twice.promise;
    await sweeper.stop();
    expect(await untold()).toHaveLength(1200);
  });
});

it('open jobs are counted by what they do', async () => {
  const stage = await openStage({ sweepIntervalMs: 3_600_000 });
  const counted = async () => {
    const depths = await countOpenJobs(stage.db);
    return depths.filter(({ type }) => type === 'media.transcode').map(({ status, jobs }) => [status, jobs]);
  };
  const [first] = [await stage.submit(), await stage.submit(), await stage.submit()];
  expect(await counted()).toEqual([
    ['queued', 3],
    ['processing', 0],
  ]);
  await sql`update outbox set told_at = now() where job_id = ${first}`.execute(stage.db);
  const claims = await claimJobs(stage.db, [{ id: first, run: 1 }], { ...deadWorker, leaseMs: 60_000 });
  expect(await counted()).toEqual([
    ['queued', 2],
    ['processing', 1],
  ]);
  await completeJobs(stage.db, [
    { id: first, claim: claims.get(first)?.claim ?? 0, result: transcodeResult },
  ]);
  expect(await counted()).toEqual([
    ['queued', 2],
    ['processing', 0],
  ]);
  await stage.close();
});

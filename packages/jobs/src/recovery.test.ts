import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { claimJobs } from './ledger.ts';
import { relayOnce } from './relay.ts';
import { reclaimExpired, retellQueued, startSweeper } from './sweeper.ts';
import { silentLog as log } from './testing/silent-log.ts';
import { deferred, openStage, type Stage, transcodeResult } from './testing/stage.ts';

jest.setTimeout(15_000);

describe('what is lost comes back', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage({ leaseMs: 1_500, sweepIntervalMs: 100 });
  });
  afterEach(() => stage.close());

  const deadWorker = { id: '00000000-0000-4000-8000-00000000dead', leaseMs: 1 };

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
      (await sql<{ n: number }>`select count(*)::int as n from outbox`.execute(stage.db)).rows[0]?.n !== 0
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
      (await sql<{ n: number }>`select count(*)::int as n from outbox`.execute(stage.db)).rows[0]?.n !== 0
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

  it('is told again once it has been due and untouched for a minute', async () => {
    const submitted = async (touched: string, due: string | null) => {
      const id = await stage.submit();
      await sql`update jobs set updated_at = now() + ${touched}::interval, next_run_at = now() + ${due}::interval
        where id = ${id}`.execute(stage.db);
      return id;
    };
    const lost = [await submitted('-61 s', null), await submitted('-3 min', '-61 s')];
    await submitted('-50 s', null);
    await submitted('-3 min', '-50 s');
    const untold = await submitted('-3 min', null);
    await sql`delete from outbox`.execute(stage.db);
    // Of a queue that no relay knows, so that it stays.
    await sql`insert into outbox (job_id, run, type, queue, priority)
      values (${untold}, 1, 'media.transcode', 'unknown', 'interactive')`.execute(stage.db);

    expect(await retellQueued(stage.db, 'untouched')).toBe(2);
    const { rows } = await sql<{ id: string }>`
      select id from jobs where updated_at > now() - interval '30 s'`.execute(stage.db);
    expect(rows.map((row) => row.id).sort()).toEqual([...lost].sort());
    expect(await retellQueued(stage.db, 'untouched')).toBe(0);
  });

  it('is told at the next sweep where there are more than one look takes', async () => {
    await sql`
      insert into jobs (id, type, queue, owner_id, priority, input, max_attempts, updated_at)
      select gen_random_uuid(), 'media.purge', 'media-transcoder', ${stage.owner}, 'bulk',
        '{"keys": [], "prefixes": []}', 3, now() - interval '3 min'
      from generate_series(1, 1200)`.execute(stage.db);
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
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from jobs where updated_at > now() - interval '1 min'`.execute(stage.db);
    expect(rows[0]?.n).toBe(1200);
  });
});

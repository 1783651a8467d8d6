import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PermanentError, RetryAfterError } from '@mediaworks/contracts';
import type { JobContext } from './context.ts';
import { insertChildren, newJob } from './enqueue.ts';
import { claimJobs, completeJobs, endTry } from './ledger.ts';
import { deferred, openStage, type Stage, transcodeResult } from './testing/stage.ts';
import { listJobs } from './views.ts';

jest.setTimeout(15_000);

/** Resolves when the job is told to stop. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('a job', () => {
  let stage: Stage;
  let handler: (ctx: JobContext) => Promise<typeof transcodeResult>;
  let purge: (ctx: JobContext) => Promise<{ removed: number }>;

  beforeAll(async () => {
    stage = await openStage();
    stage.startWorker({
      'media.transcode': (_input, ctx) => handler(ctx),
      'media.purge': (_input, ctx) => purge(ctx),
    });
  });
  afterAll(() => stage.close());

  it('runs once and keeps its result, its attempt and no temp folder', async () => {
    handler = async (ctx) => {
      expect(await readdir(ctx.tmp)).toEqual([]);
      return Promise.resolve(transcodeResult);
    };
    const job = await stage.ended(await stage.submit());
    expect(job).toMatchObject({ status: 'completed', run: 1, attempt: 1, percent: 100, error: null });
    expect(job.result).toEqual(transcodeResult);
    expect(job.attempts).toHaveLength(1);
    expect(await readdir(`${stage.tmpRoot}/mediaworks-${process.pid}`)).toEqual([]);
  });

  it('that fails and then succeeds was never failed in between', async () => {
    const seen = new Set<string>();
    handler = (ctx) =>
      ctx.attempt < 3 ? Promise.reject(new Error('flaky')) : Promise.resolve(transcodeResult);
    const id = await stage.submit();
    const unwatch = stage.dispatcher.watch.watch(id, 0, (job) => seen.add(job.status));
    const job = await stage.ended(id);
    unwatch();
    expect(job).toMatchObject({ status: 'completed', attempt: 3, error: null });
    expect(job.attempts.map((attempt) => attempt.error?.code ?? null)).toEqual([
      'internal',
      'internal',
      null,
    ]);
    expect(seen.has('failed')).toBe(false);
  });

  it('fails after its last try, with the last error, and hides what it does not know', async () => {
    handler = (ctx) => Promise.reject(new Error(`secret /etc/path ${ctx.attempt}`));
    const job = await stage.ended(await stage.submit());
    expect(job).toMatchObject({ status: 'failed', attempt: 3, error: { code: 'internal', retryable: true } });
    expect(JSON.stringify(job)).not.toContain('/etc/path');
  });

  it('fails at once on an error that no retry can mend', async () => {
    handler = () => Promise.reject(new PermanentError('unsupported_media', 'Not a picture'));
    const job = await stage.ended(await stage.submit());
    expect(job).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: { code: 'unsupported_media', message: 'Not a picture', retryable: false },
    });
  });

  it('waits without using up a try when the outside world asks for it', async () => {
    let calls = 0;
    handler = (ctx) => {
      expect(ctx.attempt).toBe(1);
      calls++;
      return calls < 5
        ? Promise.reject(new RetryAfterError(20, 'busy', 'Later'))
        : Promise.resolve(transcodeResult);
    };
    const job = await stage.ended(await stage.submit());
    expect(job).toMatchObject({ status: 'completed', attempt: 1 });
    expect(job.attempts).toHaveLength(5);
  });

  it('that returns what its type does not allow has failed', async () => {
    handler = () => Promise.resolve({ nonsense: true } as never);
    const job = await stage.ended(await stage.submit());
    expect(job).toMatchObject({ status: 'failed', error: { code: 'invalid_payload' } });
  });

  it('is cancelled while it runs: told within two seconds, and nothing it does afterwards counts', async () => {
    const started = deferred();
    const aborted = deferred<number>();
    handler = async (ctx) => {
      started.resolve();
      await untilAborted(ctx.signal).catch(() => aborted.resolve(Date.now()));
      return transcodeResult;
    };
    const id = await stage.submit();
    await started.promise;
    const asked = Date.now();
    expect(await stage.dispatcher.cancel(id, 'no longer wanted')).toBe(true);
    expect((await aborted.promise) - asked).toBeLessThan(2_000);
    const job = await stage.ended(id);
    expect(job).toMatchObject({ status: 'cancelled', result: null, error: { code: 'cancelled' } });
    expect(await stage.dispatcher.cancel(id, 'again')).toBe(false);
  });

  it('runs again as a new run, from its checkpoint', async () => {
    handler = async (ctx) => {
      if (ctx.job.run === 1) {
        await ctx.checkpoint({ page: 7 });
        throw new PermanentError('no', 'No');
      }
      expect(ctx.job.checkpoint).toEqual({ page: 7 });
      return transcodeResult;
    };
    const id = await stage.submit();
    await stage.untilStatus(id, 'failed');
    expect(await stage.dispatcher.retry(id)).toBe(true);
    const job = await stage.untilStatus(id, 'completed');
    expect(job).toMatchObject({ run: 2, attempt: 1, error: null });
    expect(job.attempts.map((attempt) => attempt.run)).toEqual([1, 2]);
    expect(await stage.dispatcher.retry(id)).toBe(false);
  });

  it('stores its progress, at most twice a second', async () => {
    const seen: number[] = [];
    const go = deferred();
    const reached = deferred();
    handler = async (ctx) => {
      for (let percent = 0; percent < 60; percent++) ctx.progress(percent, 'encoding');
      await reached.promise;
      go.resolve();
      return transcodeResult;
    };
    const id = await stage.submit();
    const unwatch = stage.dispatcher.watch.watch(id, 0, (job) => {
      seen.push(job.percent);
      if (job.percent === 59 && job.stage === 'encoding') reached.resolve();
    });
    await go.promise;
    await stage.ended(id);
    unwatch();
    expect(seen.length).toBeLessThanOrEqual(5);
  });

  it('with children is processing until the last of them has ended, whatever became of them', async () => {
    const gate = deferred();
    handler = async (ctx) => {
      const first = await ctx.spawn('media.purge', 'a', { keys: ['a'], prefixes: [] });
      expect(await ctx.spawn('media.purge', 'a', { keys: ['a'], prefixes: [] })).toBe(first);
      await ctx.spawn('media.purge', 'b', { keys: ['b'], prefixes: [] });
      return transcodeResult;
    };
    purge = async () => {
      await gate.promise;
      throw new PermanentError('gone', 'Gone');
    };
    const id = await stage.submit();
    const halfway = await stage.until(id, (job) => job.result !== null && job.children.processing === 2);
    expect(halfway).toMatchObject({
      status: 'processing',
      finished_at: null,
      percent: 0,
      stage: '0 of 2, 0%',
    });
    gate.resolve();
    const job = await stage.ended(id);
    expect(job).toMatchObject({ status: 'completed', children: { failed: 2, queued: 0, processing: 0 } });
  });

  it('takes its children with it when it is cancelled, and runs the ended ones again when it is retried', async () => {
    const running = deferred();
    let passes = false;
    handler = async (ctx) => {
      await ctx.spawn('media.purge', 'only', { keys: [], prefixes: [] });
      return transcodeResult;
    };
    purge = async (ctx) => {
      running.resolve();
      return passes ? { removed: 0 } : untilAborted(ctx.signal);
    };
    const id = await stage.submit();
    await running.promise;
    await stage.until(id, (job) => job.result !== null);
    expect(await stage.dispatcher.cancel(id, 'enough')).toBe(true);
    expect(await stage.ended(id)).toMatchObject({ status: 'cancelled', children: { cancelled: 1 } });
    passes = true;
    expect(await stage.dispatcher.retry(id)).toBe(true);
    expect(await stage.untilStatus(id, 'completed')).toMatchObject({
      run: 2,
      children: { completed: 1, cancelled: 0 },
    });
  });

  it('tells the same story on the board', async () => {
    handler = (ctx) => {
      ctx.log.info('looked at it');
      return Promise.reject(new PermanentError('bad', 'Bad'));
    };
    const id = await stage.submit();
    await stage.untilStatus(id, 'failed');
    const queue = stage.dispatcher.queues.get('media-transcoder');
    const failed = async () => (await queue?.getFailed())?.find((job) => job.data.id === id);
    let told = await failed();
    while (!told) told = await failed();
    expect(told.failedReason).toBe('bad: Bad');
    expect(told.data).toEqual({ id, run: 1 });
    expect((await queue?.getJobLogs(`${id}-1`))?.logs).toEqual(['info looked at it']);
  });
});

describe('the ledger', () => {
  let stage: Stage;
  const worker = { id: '00000000-0000-4000-8000-000000000001', leaseMs: 60_000 };
  beforeAll(async () => {
    stage = await openStage({ sweepIntervalMs: 60_000 });
  });
  afterAll(() => stage.close());

  it('gives a job to one of two workers', async () => {
    const id = await stage.submit();
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => claimJobs(stage.db, [{ id, run: 1 }], worker)),
    );
    expect(claims.filter((claim) => claim.has(id))).toHaveLength(1);
  });

  it('fences out a worker whose claim was superseded', async () => {
    const id = await stage.submit();
    const first = (await claimJobs(stage.db, [{ id, run: 1 }], worker)).get(id);
    if (!first) throw new Error('not claimed');
    await endTry(stage.db, first, {
      outcome: 'released',
      final: false,
      counted: false,
      error: null,
      delayMs: 0,
    });
    const second = (await claimJobs(stage.db, [{ id, run: 1 }], worker)).get(id);
    expect(second).toMatchObject({ attempt: 1, claim: 2 });
    expect((await completeJobs(stage.db, [{ id, claim: first.claim, result: {} }])).size).toBe(0);
    expect(await insertChildren(stage.db, first, [])).toEqual([]);
    const child = newJob(
      'media.purge',
      { keys: [], prefixes: [] },
      { ownerId: stage.owner, parent: { id, run: 1, key: 'x' } },
    );
    expect(await insertChildren(stage.db, first, [child])).toBeUndefined();
    expect((await completeJobs(stage.db, [{ id, claim: 2, result: {} }])).size).toBe(1);
  });

  it('refuses a stale run and a backoff that is not over', async () => {
    const id = await stage.submit();
    expect((await claimJobs(stage.db, [{ id, run: 2 }], worker)).size).toBe(0);
    const claim = (await claimJobs(stage.db, [{ id, run: 1 }], worker)).get(id);
    if (!claim) throw new Error('not claimed');
    const error = { code: 'x', message: 'x', retryable: true };
    await endTry(stage.db, claim, { outcome: 'failed', final: false, counted: true, error, delayMs: 60_000 });
    expect((await claimJobs(stage.db, [{ id, run: 1 }], worker)).size).toBe(0);
  });

  it('lists newest first by keyset, and shows an owner its own alone', async () => {
    const all = await listJobs(stage.db, { viewer: undefined, limit: 200 });
    const page = await listJobs(stage.db, { viewer: stage.owner, limit: 1 });
    const last = page[0];
    if (!last) throw new Error('empty page');
    const next = await listJobs(stage.db, { viewer: stage.owner, limit: 200, after: { id: last.id } });
    expect([last.id, ...next.map((job) => job.id)]).toEqual(all.map((job) => job.id));
    expect(await listJobs(stage.db, { viewer: stage.owner + 1, limit: 10 })).toEqual([]);
  });
});

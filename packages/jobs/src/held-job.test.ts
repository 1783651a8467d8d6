import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mediaPurge } from '@mediaworks/contracts';
import { TimeoutError } from './classify.ts';
import type { JobContext } from './context.ts';
import { ClaimLostError, HeldJob } from './held-job.ts';
import { silentLog } from './testing/silent-log.ts';

const claim = {
  id: '6d7f9f43-4a3f-4d8f-9df2-6b8a9d1f0a11',
  type: 'media.purge',
  run: 1,
  claim: 1,
  attempt: 1,
  max_attempts: 3,
  owner_id: 1,
  parent_id: null,
  input: { keys: [], prefixes: [] },
  checkpoint: null,
  request_id: null,
  traceparent: null,
};

describe('a held job', () => {
  let tmpRoot: string;
  const run = (job: HeldJob, handler: (input: never, ctx: JobContext) => Promise<unknown>) =>
    job.run(handler, {
      db: {} as never,
      store: {} as never,
      tmpRoot,
      log: silentLog,
      onSpawn: () => undefined,
      releaseSlot: () => undefined,
    });

  beforeEach(async () => {
    tmpRoot = await mkdtemp(join(tmpdir(), 'held-'));
  });
  afterEach(async () => {
    jest.useRealTimers();
    await rm(tmpRoot, { recursive: true, force: true });
  });

  it('is aborted when its type allows no more time', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const job = new HeldJob(claim);
    const running = run(job, async (_input, { signal }) => {
      const aborted = new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
      jest.advanceTimersByTime(mediaPurge.timeoutMs);
      return aborted;
    });
    await expect(running).rejects.toBeInstanceOf(TimeoutError);
  });

  it('is left behind when its handler does not mind the signal', async () => {
    const job = new HeldJob(claim);
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const running = run(job, () => {
      job.stop(new ClaimLostError('cancelled'));
      setImmediate(() => jest.advanceTimersByTime(10_000));
      return new Promise(() => undefined);
    });
    await expect(running).rejects.toBeInstanceOf(ClaimLostError);
  });

  it('leaves no timer behind', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    await run(new HeldJob(claim), () => Promise.resolve({ removed: 0 }));
    const stopped = new HeldJob(claim);
    const running = run(stopped, (_input, { signal }) => {
      stopped.stop(new ClaimLostError('cancelled'));
      return Promise.reject(signal.reason as Error);
    });
    await expect(running).rejects.toBeInstanceOf(ClaimLostError);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has a folder while it runs and none afterwards', async () => {
    let folder = '';
    await run(new HeldJob(claim), async (_input, { tmp }) => {
      folder = tmp;
      await access(tmp);
      return { removed: 0 };
    });
    await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('bounds its progress and notices what changed', async () => {
    const job = new HeldJob(claim);
    await run(job, (_input, ctx) => {
      ctx.progress(0, '');
      expect(job.dirty).toBe(false);
      ctx.progress(150, 'late');
      expect([job.percent, job.stage, job.dirty]).toEqual([100, 'late', true]);
      return Promise.resolve({ removed: 0 });
    });
  });
});

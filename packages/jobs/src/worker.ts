import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { JobTypeOn, QueueName } from '@mediaworks/contracts';
import { isTerminal, jobCatalog } from '@mediaworks/contracts';
import { errorFields, groupCommit, type Logger, traceIdOf } from '@mediaworks/runtime';
import type { ObjectStore } from '@mediaworks/storage';
import { DelayedError, type Job, Queue, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { boardMessage, givenUp, teeToBoard, TryAgainError } from './board-story.ts';
import { type Delivery, type QueueConnection, telemetryOption, workerConnection } from './bullmq.ts';
import { backoffMs, classify, type Verdict } from './classify.ts';
import type { Handler } from './context.ts';
import { ClaimLostError, HeldJob, ShutdownError } from './held-job.ts';
import {
  type Claim,
  claimJobs,
  completeJobs,
  type Ended,
  endTry,
  type Executor,
  extendLeases,
  noteProgress,
  standingOf,
} from './ledger.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { Signals } from './signals.ts';
import { createSlots } from './slots.ts';
import { registerHeartbeat, unregister } from './worker-registry.ts';

/** A handler for each job type of the queue: a missing one does not compile. */
export type HandlersFor<Q extends QueueName> = { [T in JobTypeOn<Q>]: Handler<T> };

export interface WorkerOptions<Q extends QueueName> {
  queue: Q;
  handlers: HandlersFor<Q>;
  /** Jobs at a time. */
  slots: number;
  /** How long a silent worker keeps its jobs, in ms. */
  leaseMs: number;
  /** Time between two jobs of the queue, whichever worker takes them, in ms; asked anew for each. */
  paceMs?: () => number;
  version: string;
  tmpRoot: string;
  db: Executor;
  store: ObjectStore;
  signals: Signals;
  connection: QueueConnection;
  metrics: WorkerMetrics;
  log: Logger;
}

export interface RunningWorker {
  /** Takes nothing more, gives what runs `graceMs` to end, then sends the rest back to the queue. */
  stop(graceMs: number): Promise<void>;
}

const PROGRESS_EVERY_MS = 500;
const BEAT_AT_MOST_MS = 1_500;
/** How long a delivery that was fetched ahead may wait for a slot before it is offered to the others again. */
const SLOT_PATIENCE_MS = 1_000;
/** What one job was asked to wait, the others of a paced queue wait too, but for no longer than this. */
const MAX_COMMON_PAUSE_MS = 60_000;
/** A database that is away for longer than this while a result waits to be written costs the claim. */
const PERSIST_FOR_MS = 60_000;

/** Takes deliveries of one queue, claims each in the ledger, runs its handler and writes how it ended. */
export function startWorker<Q extends QueueName>(options: WorkerOptions<Q>): RunningWorker {
  const { db, signals, metrics, log, leaseMs } = options;
  const id = randomUUID();
  const held = new Map<string, { job: HeldJob; delivery: Job<Delivery> }>();
  const handlers = new Map<string, (input: never, ctx: never) => Promise<unknown>>(
    Object.entries(options.handlers),
  );
  let stopping = false;
  let done = 0;
  let failed = 0;

  const claim = groupCommit(async (wanted: Delivery[]): Promise<(Claim | undefined)[]> => {
    const claims = await claimJobs(db, wanted, { id, leaseMs });
    return wanted.map((delivery) => claims.get(delivery.id));
  });
  const complete = groupCommit(
    async (ended: { id: string; claim: number; result: unknown }[]): Promise<(Ended | undefined)[]> => {
      const completed = await completeJobs(db, ended);
      return ended.map((job) => completed.get(job.id));
    },
  );
  const tell = (ended: Ended) => {
    signals.send({ changed: ended.parent_id === null ? [ended.id] : [ended.id, ended.parent_id] });
  };

  const paced = options.paceMs
    ? new Queue<Delivery>(options.queue, {
        connection: workerConnection(options.connection.redisUrl),
        prefix: options.connection.prefix,
      })
    : undefined;
  paced?.on('error', (error) => log.warn('queue error', errorFields(error)));
  const slots = createSlots(options.slots);
  const processDelivery = async (delivery: Job<Delivery>, token?: string): Promise<unknown> => {
    const releaseSlot = stopping ? undefined : await slots.take(SLOT_PATIENCE_MS);
    if (!releaseSlot || stopping) {
      releaseSlot?.();
      // Every slot is busy with something long: another worker may have one free.
      await delivery.moveToWait(token);
      throw new WaitingError();
    }
    try {
      return await processClaimed(delivery, releaseSlot, token);
    } finally {
      releaseSlot();
    }
  };

  const processClaimed = async (
    delivery: Job<Delivery>,
    releaseSlot: () => void,
    token?: string,
  ): Promise<unknown> => {
    const claimed = await claim(delivery.data);
    if (!claimed) return settle(delivery, token);
    const fields = {
      job_id: claimed.id,
      job_type: claimed.type,
      ...(claimed.request_id === null ? {} : { request_id: claimed.request_id }),
      ...(claimed.traceparent === null ? {} : { trace_id: traceIdOf(claimed.traceparent) }),
    };
    return work(claimed, log.child(fields), delivery, releaseSlot, token);
  };

  const work = async (
    claimed: Claim,
    jobLog: Logger,
    delivery: Job<Delivery>,
    releaseSlot: () => void,
    token?: string,
  ): Promise<unknown> => {
    const job = new HeldJob(claimed);
    const handler = handlers.get(claimed.type);
    if (!handler) throw new UnrecoverableError(`no handler for ${claimed.type}`);
    held.set(claimed.id, { job, delivery });
    const endTimer = metrics.seconds.startTimer({ type: claimed.type });
    signals.send({ changed: [claimed.id] });
    let conclude: () => Promise<unknown>;
    try {
      const result = await job.run(handler as never, {
        db,
        store: options.store,
        tmpRoot: options.tmpRoot,
        log: teeToBoard(jobLog, delivery),
        onSpawn: () => signals.send({ changed: [claimed.id], spawned: true }),
        releaseSlot,
      });
      const ended = await persist(() => complete({ id: claimed.id, claim: claimed.claim, result }));
      conclude = () => (ended ? succeed(claimed, ended) : lose(claimed, jobLog, delivery, token));
    } catch (error) {
      conclude = () =>
        error instanceof ClaimLostError
          ? lose(claimed, jobLog, delivery, token)
          : fail(claimed, error, jobLog, delivery, token);
    } finally {
      endTimer();
      held.delete(claimed.id);
    }
    return conclude();
  };

  const succeed = (claimed: Claim, ended: Ended): Promise<unknown> => {
    done++;
    metrics.tries.inc({ type: claimed.type, outcome: 'completed' });
    tell(ended);
    return Promise.resolve({ done: true });
  };

  const lose = (
    claimed: Claim,
    jobLog: Logger,
    delivery: Job<Delivery>,
    token?: string,
  ): Promise<unknown> => {
    jobLog.warn('claim lost, what was done does not count');
    metrics.tries.inc({ type: claimed.type, outcome: 'lost' });
    return settle(delivery, token);
  };

  /** Writes a try that went wrong into the ledger, then tells BullMQ the same. */
  const fail = async (
    claimed: Claim,
    error: unknown,
    jobLog: Logger,
    delivery: Job<Delivery>,
    token?: string,
  ): Promise<unknown> => {
    if (error instanceof ShutdownError) {
      const ended = await endTry(db, claimed, {
        outcome: 'released',
        final: false,
        counted: false,
        error: null,
        delayMs: 0,
      });
      if (!ended) return settle(delivery, token);
      tell(ended);
      await delivery.moveToWait(token);
      throw new WaitingError();
    }
    const { retryAfterMs, ...verdict }: Verdict = classify(error);
    const counted = retryAfterMs === undefined;
    const final = !verdict.retryable || (counted && claimed.attempt >= claimed.max_attempts);
    const delayMs = final ? 0 : (retryAfterMs ?? backoffMs(backoffOf(claimed.type), claimed.attempt));
    const ended = await persist(() =>
      endTry(db, claimed, {
        outcome: counted ? 'failed' : 'released',
        final,
        counted,
        error: verdict,
        delayMs,
      }),
    );
    if (!ended) return settle(delivery, token);
    const unexpected = verdict.code === 'internal' || verdict.code === 'invalid_payload';
    jobLog[unexpected ? 'error' : 'warn'](final ? 'job failed' : 'try failed', {
      code: verdict.code,
      attempt: claimed.attempt,
      ...(final ? {} : { again_in_ms: delayMs }),
      ...(unexpected ? errorFields(error) : { reason: verdict.message }),
    });
    metrics.tries.inc({ type: claimed.type, outcome: final ? 'failed' : 'retried' });
    if (final) failed++;
    tell(ended);
    const story = boardMessage(verdict);
    if (final) throw givenUp(story);
    if (!counted) {
      // Whoever asked for a pause means all of us: nobody takes another job before it is over.
      await paced?.rateLimit(Math.min(delayMs, MAX_COMMON_PAUSE_MS));
      await delivery.moveToDelayed(Date.now() + delayMs, token);
      throw new DelayedError();
    }
    throw new TryAgainError(story, delayMs);
  };

  /** Ends or puts off a delivery that the ledger gave no claim for (any more). */
  const settle = async (delivery: Job<Delivery>, token?: string): Promise<unknown> => {
    const standing = await standingOf(db, delivery.data.id);
    if (!standing || standing.run !== delivery.data.run) return { skipped: 'superseded' };
    if (standing.status === 'completed') return { skipped: 'completed' };
    if (isTerminal(standing.status)) {
      throw givenUp(standing.error ? boardMessage(standing.error) : standing.status);
    }
    await delivery.moveToDelayed(Date.now() + standing.waitMs + 50 + Math.random() * 200, token);
    throw new DelayedError();
  };

  const flushProgress = async () => {
    const changed = [...held.values()].filter(({ job }) => job.dirty && job.stopped === undefined);
    if (changed.length === 0) return;
    const notes = changed.map(({ job }) => {
      job.dirty = false;
      return { id: job.claim.id, claim: job.claim.claim, percent: job.percent, stage: job.stage };
    });
    await noteProgress(db, notes);
    const parents = changed.flatMap(({ job }) => job.claim.parent_id ?? []);
    signals.send({ changed: [...new Set([...notes.map((note) => note.id), ...parents])] });
    await Promise.all(changed.map(({ job, delivery }) => delivery.updateProgress(Math.round(job.percent))));
  };

  let lastBeat = Date.now();
  const beat = async () => {
    const jobs = [...held.values()].map(({ job }) => job);
    try {
      const kept = await extendLeases(
        db,
        jobs.map((job) => ({ id: job.claim.id, claim: job.claim.claim })),
        leaseMs,
      );
      lastBeat = Date.now();
      for (const job of jobs) {
        if (!kept.has(job.claim.id)) job.stop(new ClaimLostError('cancelled, or taken by another worker'));
      }
      const { queue: service, slots, version } = options;
      await registerHeartbeat(db, { id, service, version, slots, busy: held.size, done, failed });
    } catch (error) {
      log.warn('heartbeat failed', errorFields(error));
      if (Date.now() - lastBeat > leaseMs) {
        for (const job of jobs) job.stop(new ClaimLostError('the lease ran out'));
      }
    }
  };

  const timers = [
    every(PROGRESS_EVERY_MS, flushProgress, log),
    every(Math.min(BEAT_AT_MOST_MS, leaseMs / 3), beat, log),
  ];
  const unlisten = signals.listen(({ cancelled = [] }) => {
    for (const jobId of cancelled) held.get(jobId)?.job.stop(new ClaimLostError('cancelled'));
  });
  const worker = new Worker<Delivery>(options.queue, processDelivery, {
    connection: workerConnection(options.connection.redisUrl),
    prefix: options.connection.prefix,
    // Two a slot: while a job publishes, the next is fetched, claimed and begun.
    concurrency: options.slots * 2,
    lockDuration: leaseMs,
    stalledInterval: Math.max(1_000, leaseMs / 2),
    // The ledger counts crashes; BullMQ must never give a job up by itself.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    ...(options.paceMs ? { limiter: limiterOf(options.paceMs) } : {}),
    settings: {
      backoffStrategy: (_attempts, _type, error) => (error instanceof TryAgainError ? error.delayMs : 1_000),
    },
    ...telemetryOption(options.connection.traced),
  });
  worker.on('error', (error) => log.warn('queue error', errorFields(error)));

  return {
    stop: async (graceMs) => {
      stopping = true;
      await worker.pause(true);
      await drain(held, graceMs);
      for (const { job } of held.values()) job.stop(new ShutdownError('the worker is going away'));
      await Promise.race([Promise.all([worker.close(), paced?.close()]), wait(3_000)]);
      for (const timer of timers) timer.stop();
      unlisten();
      await unregister(db, id);
    },
  };
}

function backoffOf(type: string): { baseMs: number; maxMs: number } {
  return jobCatalog.get(type)?.backoff ?? { baseMs: 1_000, maxMs: 60_000 };
}

/** BullMQ reads it at each job that it takes. */
function limiterOf(paceMs: () => number): { max: number; duration: number } {
  return {
    max: 1,
    get duration() {
      return Math.max(1, Math.round(paceMs()));
    },
  };
}

/** Tries again while the database is away, up to a minute; the claim itself says whether it still counts. */
async function persist<T>(write: () => Promise<T>): Promise<T> {
  const until = Date.now() + PERSIST_FOR_MS;
  for (let pauseMs = 100; ; pauseMs = Math.min(2_000, pauseMs * 2)) {
    try {
      return await write();
    } catch (error) {
      if (Date.now() + pauseMs > until) throw error;
      await wait(pauseMs);
    }
  }
}

/** Resolves when nothing is held any more, or after `ms`. */
async function drain(held: ReadonlyMap<string, unknown>, ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (held.size > 0 && Date.now() < until) await wait(50);
}

/** Runs `work` every `ms`, never twice at once. */
function every(ms: number, work: () => Promise<void>, log: Logger): { stop(): void } {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    work()
      .catch((error: unknown) => log.warn('could not write to the ledger', errorFields(error)))
      .finally(() => {
        busy = false;
      });
  }, ms);
  return { stop: () => clearInterval(timer) };
}

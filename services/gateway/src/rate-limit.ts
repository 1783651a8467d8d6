import type { Dispatcher } from '@mediaworks/jobs';
import { asError, errorFields, groupCommit, type Logger } from '@mediaworks/runtime';
import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import { contextOf } from './request-context.ts';

const WINDOW_MS = 60_000;
/** A Redis that answers slower than this is counted as away: no request waits for a counter. */
const PATIENCE_MS = 250;
const AWAY_MS = 1_000;
/** How long a hit far below the limit may wait to be told to the others. */
const TELL_MS = 20;

/** Adds to each counter, and has a new one go when its window is long over. */
const ADD = `
  local totals = {}
  for i, key in ipairs(KEYS) do
    totals[i] = redis.call('incrby', key, ARGV[i + 1])
    if totals[i] == tonumber(ARGV[i + 1]) then redis.call('pexpire', key, ARGV[1]) end
  end
  return totals`;

type Redis = Dispatcher['redis'];

/**
 * Counts a request against its caller or else its address. Half way to the limit, answers begin to say how far it is.
 * @throws ApiError 429
 */
export function createRateLimit(options: {
  perMinute: number;
  redis: Redis;
  prefix: string;
  log: Logger;
}): (req: Request, res: Response) => Promise<void> | undefined {
  const counters = sharedCounters(options.perMinute, countInRedis(options));
  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit: options.perMinute,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    store: { localKeys: false, increment: counters.count, decrement: ignore, resetKey: ignore },
    // Its checks are about its own defaults; the proxy setting has one of ours.
    validate: false,
    keyGenerator: callerOf,
    handler: (_req, _res, next) => {
      next(
        new ApiError(429, 'rate_limited', 'Too many requests; the Retry-After header says when to come back'),
      );
    },
  });
  return (req, res) => {
    if (counters.countFarBelow(callerOf(req))) return undefined;
    return new Promise((resolve, reject) => {
      const done = (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(asError(error));
      };
      void limiter(req, res, done);
    });
  };
}

const ignore = () => undefined;

function callerOf(req: Request): string {
  const principal = contextOf(req).principal;
  return principal ? `u${principal.userId}` : `a${ipKeyGenerator(req.ip ?? 'unknown')}`;
}

interface Counter {
  /** Hits of all gateways when we last asked; undefined until we have. */
  total: number | undefined;
  /** Hits of ours since. */
  unsent: number;
}

/** Adds hits to the shared counters of a window, and answers their totals. */
type Count = (window: number, hits: ReadonlyMap<string, number>) => Promise<ReadonlyMap<string, number>>;

/**
 * Counters that all gateways share. Far from the limit a hit is let in at once and told within {@link TELL_MS}, with
 * all others of that time; nearer to it every hit is counted before it is let in, together with what arrives meanwhile.
 * What a gateway lets in untold is a hundredth of the limit at most, and none of a small one: the limit holds over all
 * gateways, and costs next to nothing for those who are nowhere near it.
 */
function sharedCounters(perMinute: number, countShared: Count) {
  const farBelow = perMinute / 2;
  const ahead = Math.floor(perMinute / 100);
  let window = 0;
  let counters = new Map<string, Counter>();
  let telling: NodeJS.Timeout | undefined;

  const counterOf = (key: string): Counter => {
    const now = Math.floor(Date.now() / WINDOW_MS);
    if (now !== window) {
      window = now;
      counters = new Map();
    }
    const known = counters.get(key);
    if (known) return known;
    const fresh: Counter = { total: undefined, unsent: 0 };
    counters.set(key, fresh);
    return fresh;
  };
  const tell = groupCommit(
    async (waiting: ({ counter: Counter; place: number } | undefined)[]): Promise<number[]> => {
      const sent = new Map([...counters].filter(([, { unsent }]) => unsent > 0));
      const hits = new Map([...sent].map(([key, { unsent }]) => [key, unsent]));
      for (const counter of sent.values()) counter.unsent = 0;
      const totals = hits.size > 0 ? await countShared(window, hits) : hits;
      const before = new Map<Counter, number>();
      for (const [key, counter] of sent) {
        const count = hits.get(key) ?? 0;
        // Alone, while the shared counters are away, what is known is what we counted.
        counter.total = totals.get(key) ?? (counter.total ?? 0) + count;
        before.set(counter, counter.total - count);
      }
      return waiting.map((hit) => (hit ? (before.get(hit.counter) ?? 0) + hit.place : 0));
    },
    { max: Number.POSITIVE_INFINITY },
  );
  return {
    /** Counts a hit far below the limit, at once; answers false, and has counted nothing, for any other. */
    countFarBelow: (key: string): boolean => {
      const counter = counterOf(key);
      if (counter.unsent >= ahead || (counter.total ?? perMinute) >= farBelow) return false;
      counter.unsent++;
      telling ??= setTimeout(() => {
        telling = undefined;
        void tell(undefined);
      }, TELL_MS).unref();
      return true;
    },
    /** Counts a hit, and answers with the number that it is. */
    count: async (key: string): Promise<{ totalHits: number; resetTime: Date }> => {
      const counter = counterOf(key);
      const resetTime = new Date((window + 1) * WINDOW_MS);
      return { totalHits: await tell({ counter, place: ++counter.unsent }), resetTime };
    },
  };
}

/** Counts in Redis; answers with nothing while Redis is away: a limit that is too kind beats an outage. */
function countInRedis({ redis, prefix, log }: { redis: Redis; prefix: string; log: Logger }): Count {
  let awayUntil = 0;
  return async (window, hits) => {
    if (redis.status !== 'ready' || Date.now() < awayUntil) return new Map();
    const names = [...hits.keys()].map((key) => `${prefix}:rate:${window}:${key}`);
    try {
      const counting = redis.eval(ADD, names.length, ...names, 2 * WINDOW_MS, ...hits.values());
      const totals = z.array(z.number()).parse(await within(PATIENCE_MS, counting));
      return new Map([...hits.keys()].map((key, i) => [key, totals[i] ?? 0]));
    } catch (error) {
      awayUntil = Date.now() + AWAY_MS;
      log.warn('counting requests by myself', errorFields(error));
      return new Map();
    }
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Redis did not answer in time')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

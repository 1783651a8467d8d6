import type { Dispatcher } from '@mediaworks/jobs';
import { asError, errorFields, groupCommit, type Logger } from '@mediaworks/runtime';
import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit';
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import { contextOf } from './request-context.ts';

const WINDOW_MS = 60_000;
/** A Redis that answers slower than this is counted as away: no request waits for a counter. */
const PATIENCE_MS = 250;
const AWAY_MS = 1_000;

/** Adds to each counter, and has a new one go when its window is long over. */
const COUNT = `
  local totals = {}
  for i, key in ipairs(KEYS) do
    totals[i] = redis.call('incrby', key, ARGV[i + 1])
    if totals[i] == tonumber(ARGV[i + 1]) then redis.call('pexpire', key, ARGV[1]) end
  end
  return totals`;

type Redis = Dispatcher['redis'];

/** Counts a request against its caller or else its address. @throws ApiError 429 */
export function createRateLimit(options: {
  perMinute: number;
  redis: Redis;
  prefix: string;
  log: Logger;
}): (req: Request, res: Response) => Promise<void> {
  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit: options.perMinute,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    store: sharedStore(options),
    // Its checks are about its own defaults; the proxy setting has one of ours.
    validate: false,
    keyGenerator: (req) => {
      const principal = contextOf(req).principal;
      return principal ? `u${principal.userId}` : `a${ipKeyGenerator(req.ip ?? 'unknown')}`;
    },
    handler: (_req, _res, next) => {
      next(
        new ApiError(429, 'rate_limited', 'Too many requests; the Retry-After header says when to come back'),
      );
    },
  });
  return (req, res) =>
    new Promise((resolve, reject) => {
      const done = (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(asError(error));
      };
      void limiter(req, res, done);
    });
}

/**
 * Counters that all gateways share. What arrives together is counted by one command. While
 * Redis is away each gateway counts by itself: a limit that is too kind beats an outage.
 */
function sharedStore(options: { redis: Redis; prefix: string; log: Logger }): Store {
  const { redis, prefix, log } = options;
  const local = new LocalCounters();
  let awayUntil = 0;

  const countInRedis = async (
    window: number,
    hits: ReadonlyMap<string, number>,
  ): Promise<Map<string, number>> => {
    const names = [...hits.keys()].map((key) => `${prefix}:rate:${window}:${key}`);
    const reply = await within(
      PATIENCE_MS,
      redis.eval(COUNT, names.length, ...names, 2 * WINDOW_MS, ...hits.values()),
    );
    const totals = z.array(z.number()).length(names.length).parse(reply);
    return new Map([...hits.keys()].map((key, i) => [key, totals[i] ?? 0]));
  };
  const count = async (
    window: number,
    hits: ReadonlyMap<string, number>,
  ): Promise<ReadonlyMap<string, number>> => {
    if (redis.status !== 'ready' || Date.now() < awayUntil) return local.count(window, hits);
    try {
      return await countInRedis(window, hits);
    } catch (error) {
      awayUntil = Date.now() + AWAY_MS;
      log.warn('counting requests by myself', errorFields(error));
      return local.count(window, hits);
    }
  };
  const increment = groupCommit(async (keys: string[]) => {
    const window = Math.floor(Date.now() / WINDOW_MS);
    const hits = new Map<string, number>();
    for (const key of keys) hits.set(key, (hits.get(key) ?? 0) + 1);
    const totals = await count(window, hits);
    const resetTime = new Date((window + 1) * WINDOW_MS);
    // Of those that came together the first is told the lowest number, as if they had come one by one.
    return keys.map((key) => {
      const behind = (hits.get(key) ?? 1) - 1;
      hits.set(key, behind);
      return { totalHits: (totals.get(key) ?? 1) - behind, resetTime };
    });
  });
  return {
    localKeys: false,
    increment,
    decrement: () => undefined,
    resetKey: () => undefined,
  };
}

class LocalCounters {
  #window = 0;
  readonly #totals = new Map<string, number>();

  count(window: number, hits: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    if (window !== this.#window) {
      this.#window = window;
      this.#totals.clear();
    }
    for (const [key, count] of hits) this.#totals.set(key, (this.#totals.get(key) ?? 0) + count);
    return new Map([...hits.keys()].map((key) => [key, this.#totals.get(key) ?? 0]));
  }
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

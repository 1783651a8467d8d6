import type { Executor } from '@mediaworks/jobs';
import { errorFields, type Logger } from '@mediaworks/runtime';
import { dropNews, type News, type Outlet, putBackNews, takeNews } from './news.ts';

const BATCH = 50;
const POLL_MS = 1_000;
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
/** How long the outside may take for one lecture; well below what the news is held for. */
const PATIENCE_MS = 30_000;

export interface OutletOptions {
  db: Executor;
  outlet: Outlet;
  log: Logger;
  /** Tells of one lecture as it stands now. @throws when it is to be tried again */
  tell: (lectureId: string) => Promise<void>;
  /** Between two looks at an empty table; default 1 s. */
  pollMs?: number;
  /** Before the second try, doubled with each further one up to five minutes; default 1 s. */
  pauseMs?: number;
}

export interface RunningOutlet {
  /** Takes nothing more, and lets what is being told end for at most `graceMs`; the rest is left to others. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Tells the world outside of each lecture that changed, at least once: what can not be told is tried again, later and
 * later, for as long as it takes. Any number of processes may; each lecture is told of by one at a time.
 */
export function startOutlet(options: OutletOptions): RunningOutlet {
  const { db, outlet, log, tell, pollMs = POLL_MS, pauseMs = PAUSE_MS } = options;
  const stopping = new AbortController();
  const giveUp = new AbortController();
  const { signal } = giveUp;

  const tellOne = async (news: News): Promise<void> => {
    try {
      await within(PATIENCE_MS, tell(news.lectureId), signal);
    } catch (error) {
      const delayMs = signal.aborted ? 0 : jittered(pauseMs * 2 ** news.tries);
      if (!signal.aborted) {
        const fields = { outlet, lecture_id: news.lectureId, tries: news.tries + 1, again_in_ms: delayMs };
        log.warn('could not tell of a lecture', { ...fields, ...errorFields(error) });
      }
      await putBackNews(db, news.ids, delayMs);
      return;
    }
    await dropNews(db, news.ids);
  };
  const round = async (): Promise<boolean> => {
    const taken = await takeNews(db, outlet, BATCH);
    await Promise.all(taken.map(tellOne));
    return taken.length > 0;
  };
  const loop = async () => {
    while (!stopping.signal.aborted) {
      let more = false;
      try {
        more = await round();
      } catch (error) {
        log.warn('can not read what is to be told of lectures', { outlet, ...errorFields(error) });
      }
      if (!more) await pause(pollMs, stopping.signal);
    }
  };
  const running = loop();
  return {
    stop: async (graceMs) => {
      stopping.abort();
      const timer = setTimeout(() => giveUp.abort(), graceMs);
      await running;
      clearTimeout(timer);
    },
  };
}

const jittered = (ms: number) => Math.min(ms, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);

/** @throws the work's error; an error when it takes longer than `ms`, or when `signal` aborts */
async function within(ms: number, work: Promise<void>, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  let giveUp: () => void = () => undefined;
  const over = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(new Error(signal.aborted ? 'the gateway is going away' : `no answer in ${ms} ms`));
    limit.addEventListener('abort', giveUp);
  });
  try {
    limit.throwIfAborted();
    await Promise.race([work, over]);
  } finally {
    limit.removeEventListener('abort', giveUp);
  }
}

/** Resolves after `ms`, or when `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

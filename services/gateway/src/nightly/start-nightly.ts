import type { Executor } from '@mediaworks/jobs';
import { errorFields, type Logger } from '@mediaworks/runtime';
import { keepChore, lastStroke, leaveChore, takeChore } from './chores.ts';

/** What is to be done once a night. */
export interface Chore<Done extends object = object> {
  name: string;
  /**
   * @param keep says that we are still at it; at least every ten minutes
   * @returns what was done, for the log
   */
  work(signal: AbortSignal, keep: () => Promise<void>): Promise<Done>;
}

export interface Night {
  db: Executor;
  log: Logger;
  /** 0–23, UTC. */
  hour: number;
}

const LOOK_EVERY_MS = 60_000;

/**
 * Does the chores once a night, in whichever process looks first. When each was done last is remembered in the
 * database: a night that nobody was up for is made up for, and none is done twice.
 */
export function startNightly(night: Night, chores: readonly Chore[]): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | undefined;
  const lookAll = async () => {
    for (const chore of chores) {
      await doIfDue(night, chore, new Date(), signal).catch((error: unknown) => {
        if (!signal.aborted) night.log.warn(`${chore.name} did not finish`, errorFields(error));
      });
    }
  };
  const look = () => {
    running ??= lookAll().finally(() => {
      running = undefined;
    });
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  look();
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}

/** @returns what was done; undefined when it was not due, or is another's to do */
export async function doIfDue<Done extends object>(
  { db, log, hour }: Night,
  chore: Chore<Done>,
  now: Date,
  signal: AbortSignal,
): Promise<Done | undefined> {
  const due = lastStroke(now, hour);
  if (signal.aborted || !(await takeChore(db, chore.name, due))) return undefined;
  let done = false;
  try {
    const result = await chore.work(signal, () => keepChore(db, chore.name));
    done = true;
    log.info(chore.name, Object.fromEntries(Object.entries(result)));
    return result;
  } finally {
    await leaveChore(db, chore.name, done ? due : undefined);
  }
}

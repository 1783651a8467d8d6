import type { JobError } from '@mediaworks/contracts';
import { errorFields, type Logger } from '@mediaworks/runtime';
import { type Job, UnrecoverableError } from 'bullmq';
import type { Delivery } from './bullmq.ts';

/** Takes a failed try back to BullMQ with the delay that the ledger gave it. */
export class TryAgainError extends Error {
  override readonly name = 'TryAgainError';
  constructor(
    message: string,
    readonly delayMs: number,
  ) {
    super(message);
    this.stack = message;
  }
}

/** Ends a delivery for good. The board shows an error's stack: it gets the story, not our files. */
export function givenUp(story: string): Error {
  return Object.assign(new UnrecoverableError(story), { stack: story });
}

export function boardMessage(error: JobError): string {
  return `${error.code}: ${error.message}`;
}

/** A log whose lines can also be read beside the job on the queue board. */
export function teeToBoard(log: Logger, delivery: Job<Delivery>): Logger {
  const tee =
    (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: Record<string, unknown>) => {
      log[level](message, fields);
      if (level === 'debug') return;
      delivery
        .log(`${level} ${message}`)
        .catch((error: unknown) => log.debug('board is away', errorFields(error)));
    };
  return {
    debug: tee('debug'),
    info: tee('info'),
    warn: tee('warn'),
    error: tee('error'),
    child: (fields) => teeToBoard(log.child(fields), delivery),
  };
}

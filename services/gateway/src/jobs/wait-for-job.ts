import type { JobRow } from '@mediaworks/jobs';
import type { Request, Response } from 'express';
import type { GatewayDeps } from '../deps.ts';
import { waitForStore } from '../forms/limit-body.ts';
import { type Patience, patienceOf } from '../prefer.ts';

/**
 * Waits for a job and its children on behalf of a request.
 * @returns the job once it has ended; undefined when the time is up before, the caller is gone or the gateway stops
 */
function waitForJob(
  { dispatcher, closing }: Pick<GatewayDeps, 'dispatcher' | 'closing'>,
  id: string,
  waitMs: number,
  res: Response,
): Promise<JobRow | undefined> {
  if (waitMs === 0) return Promise.resolve(undefined);
  // Nothing is said until there is an answer.
  waitForStore(res);
  return new Promise((resolve) => {
    const settle = (job: JobRow | undefined) => {
      clearTimeout(timer);
      closing.removeEventListener('abort', giveUp);
      res.off('close', giveUp);
      stopWaiting();
      resolve(job);
    };
    const giveUp = () => settle(undefined);
    const timer = setTimeout(giveUp, waitMs);
    const stopWaiting = dispatcher.watch.whenEnded(id, settle);
    closing.addEventListener('abort', giveUp, { once: true });
    res.once('close', giveUp);
    if (closing.aborted) giveUp();
  });
}

/** The same for as long as the caller's Prefer header says, or else `defaultMs`; says what was heeded of it. */
export function waitAsPreferred(
  deps: Pick<GatewayDeps, 'dispatcher' | 'closing'>,
  req: Request,
  res: Response,
  wait: { id: string; defaultMs: number },
): Promise<JobRow | undefined> {
  const { waitMs, applied }: Patience = patienceOf(req, wait.defaultMs);
  if (applied !== undefined) res.setHeader('Preference-Applied', applied);
  return waitForJob(deps, wait.id, waitMs, res);
}

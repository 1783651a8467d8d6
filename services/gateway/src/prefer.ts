import type { Request } from 'express';

/** Nobody waits longer for one answer, in ms. */
const MOST_MS = 600_000;

/** How long the caller is willing to wait, and the words of its wish that are heeded. */
export interface Patience {
  waitMs: number;
  /** For Preference-Applied; undefined when nothing was wished. */
  applied: string | undefined;
}

/**
 * What a Prefer header (RFC 7240) asks for: `wait=N` seconds, `respond-async` at once, or, with both, N seconds at most.
 * What can't be understood is not there.
 */
export function patienceOf(req: Request, defaultMs: number): Patience {
  const wishes = (req.headers['prefer'] ?? []).toString().toLowerCase().split(/[,;]/);
  let wait: string | undefined;
  let async = false;
  for (const wish of wishes.map((text) => text.trim())) {
    wait ??= /^wait\s*=\s*"?(\d{1,9})"?$/.exec(wish)?.[1];
    async ||= wish === 'respond-async';
  }
  if (wait !== undefined) {
    const applied = `wait=${wait}${async ? ', respond-async' : ''}`;
    return { waitMs: Math.min(Number(wait) * 1_000, MOST_MS), applied };
  }
  return async ? { waitMs: 0, applied: 'respond-async' } : { waitMs: defaultMs, applied: undefined };
}

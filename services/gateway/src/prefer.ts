import type { Request } from 'express';

const DEFAULT_WAIT_S = 55;
const MAX_WAIT_S = 300;

/** How long a client would wait for an answer, in ms, from its Prefer header (RFC 7240); 0 for `respond-async` alone. */
export function waitPreferredBy(req: Request): number {
  const preferences = (req.get('prefer') ?? '').split(/[,;]/).map((part) => part.trim().toLowerCase());
  const wait = preferences
    .map((part) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(part)?.[1])
    .find((s) => s !== undefined);
  if (wait !== undefined) return Math.min(Number(wait), MAX_WAIT_S) * 1_000;
  return preferences.includes('respond-async') ? 0 : DEFAULT_WAIT_S * 1_000;
}

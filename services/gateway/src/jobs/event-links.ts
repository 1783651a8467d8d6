import { createHmac, timingSafeEqual } from 'node:crypto';

/** Addresses that open one job's events for a while, for an EventSource, which can send no header. */
export interface EventLinks {
  /** The query of the address. */
  sign(jobId: string): string;
  verifies(jobId: string, query: Readonly<Record<string, unknown>>): boolean;
}

export function createEventLinks(secret: string, lifetimeMs: number): EventLinks {
  // A key of its own: a signature of a file never opens events, nor the other way round.
  const key = createHmac('sha256', secret).update('job-events').digest();
  const signature = (jobId: string, expires: number) =>
    createHmac('sha256', key).update(`${jobId}.${expires}`).digest('base64url');
  return {
    sign: (jobId) => {
      const expires = Math.ceil((Date.now() + lifetimeMs) / 1_000);
      return `expires=${expires}&signature=${signature(jobId, expires)}`;
    },
    verifies: (jobId, query) => {
      const { expires, signature: given } = query;
      if (typeof expires !== 'string' || typeof given !== 'string' || !/^\d{1,12}$/.test(expires))
        return false;
      const wanted = Buffer.from(signature(jobId, Number(expires)));
      const offered = Buffer.from(given);
      return (
        wanted.length === offered.length &&
        timingSafeEqual(wanted, offered) &&
        Number(expires) * 1_000 > Date.now()
      );
    },
  };
}

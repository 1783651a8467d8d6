const MAX_S = 3_600;

/** What a Retry-After asks for, in ms: seconds or a date (RFC 9110, 10.2.3), from a second to an hour. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000;
  return Number.isNaN(seconds) ? undefined : Math.round(Math.min(Math.max(seconds, 1), MAX_S) * 1_000);
}

import type { TimeRange } from '@mediaworks/contracts';

/** 83 → `01:23`, 3723 → `1:02:03`: whole seconds, hours only where there are some. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${pad(minutes)}:${pad(rest)}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

export function clockRange(range: TimeRange): string {
  return `${clock(range.start)} – ${clock(range.end)}`;
}

/**
 * The address of that part of the video (W3C media fragment, `#t=START,END` in seconds); null where the address is
 * not one that a browser opens.
 */
export function fragmentUrl(sourceUrl: string | null, range: TimeRange): string | null {
  if (sourceUrl === null || !URL.canParse(sourceUrl)) return null;
  const url = new URL(sourceUrl);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  url.hash = `t=${seconds(range.start)},${seconds(range.end)}`;
  return url.href;
}

function seconds(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

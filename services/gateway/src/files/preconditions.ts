import type { ByteRange } from '@mediaworks/storage';

/** Does an If-None-Match list hold this (strong) tag? Weakly compared, as RFC 9110 has it. */
export function noneMatchHits(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Is what the client has a part of still what we have? Without If-Range it is. */
export function ifRangeHolds(header: string | undefined, etag: string, modifiedAt: Date): boolean {
  if (header === undefined) return true;
  const value = header.trim();
  if (value.startsWith('"')) return value === etag;
  // A weak tag never holds. A date has whole seconds, so it holds when it is exactly ours.
  return Math.floor(modifiedAt.getTime() / 1_000) * 1_000 === Date.parse(value);
}

/**
 * The one range that is asked for: undefined when none is, when it makes no sense, or when several are (which may be
 * answered whole); `unsatisfiable` when it lies outside.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/.exec(header ?? '');
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Number(last);
    if (length === 0 || size === 0) return 'unsatisfiable';
    return { start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}

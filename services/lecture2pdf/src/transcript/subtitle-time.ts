/** Hours (optional), minutes, seconds, and a fraction after a dot, a comma or a colon. All bounded: never slow. */
const time = String.raw`[-−]?\s?(?:\d{1,6}\s?:\s?)?\d{1,3}\s?:\s?\d{1,2}(?:\s?[.,:]\s?\d{1,9})?`;
const parts = /^([-−]?)\s?(?:(\d{1,6})\s?:\s?)?(\d{1,3})\s?:\s?(\d{1,2})(?:\s?[.,:]\s?(\d{1,9}))?$/;

const arrowLine = new RegExp(
  String.raw`^\s{0,20}(${time})\s{0,20}[-–—]{1,3}\s?>\s{0,20}(${time})?(?!\d)(.{0,10000})$`,
  's',
);
const commaLine = new RegExp(
  String.raw`^\s{0,20}(\d{1,4}:\d{1,2}:\d{1,2}\.\d{1,3}),(\d{1,4}:\d{1,2}:\d{1,2}\.\d{1,3})\s{0,20}$`,
);
const setting = /^(?:[a-z][a-z-]{0,30}:\S+|[XY][12]:-?\d+)$/i;

export interface CueTimes {
  /** Seconds, possibly negative. */
  readonly start: number;
  /** Null when the line doesn't tell. */
  readonly end: number | null;
  /** What follows on the same line and is neither a setting nor a place on the screen. */
  readonly text: string;
}

/** Reads `00:00:01,000 --> 00:00:02,000` in every way it is written, or SBV's `0:00:01.000,0:00:02.000`. */
export function cueTimes(line: string): CueTimes | undefined {
  // Most lines are text: a colon comes early in those that aren't.
  const colon = line.indexOf(':');
  if (colon === -1 || colon > 40) return undefined;
  const [, start, end, rest = ''] = arrowLine.exec(line) ?? commaLine.exec(line) ?? [];
  const from = start === undefined ? undefined : seconds(start);
  if (from === undefined) return undefined;
  const words = rest.trim();
  const isText = words !== '' && !words.split(/\s+/).every((word) => setting.test(word));
  return { start: from, end: end === undefined ? null : (seconds(end) ?? null), text: isText ? words : '' };
}

/** Seconds of `1:02:03.456`, `02:03,4` and the like; undefined when it is no such time. */
export function seconds(text: string): number | undefined {
  const [whole, sign, hours = '0', minutes = '0', secs = '0', fraction = '0'] = parts.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  const value = Number(hours) * 3600 + Number(minutes) * 60 + Number(secs) + Number(`0.${fraction}`);
  return sign === '' ? value : -value;
}

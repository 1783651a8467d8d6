/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? NaN, sorted[middle] ?? NaN];
  return (low + high) / 2;
}

/** The smallest value that `share` (0 to 1) of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

export function heading(title: string): void {
  console.log(`\n${title}\n${'─'.repeat(title.length)}`);
}

/** One thing that was measured: a name and its figures. */
export function row(name: string, ...figures: string[]): void {
  console.log(`  ${name.padEnd(44)}${figures.map((figure) => figure.padStart(20)).join('')}`);
}

export function note(text: string): void {
  console.log(`  ${text}`);
}

export interface Bar {
  atMost?: number;
  atLeast?: number;
}

/** The ratio that was asked for and whether it was reached. A clock fails nothing: a bar that is missed is only said. */
export function verdict(name: string, ratio: number, bar: Bar, unit = '×'): boolean {
  const met = ratio <= (bar.atMost ?? Infinity) && ratio >= (bar.atLeast ?? -Infinity);
  const wanted = bar.atMost === undefined ? `at least ${bar.atLeast}` : `at most ${bar.atMost}`;
  console.log(
    `  ${met ? '✓' : '✗'} ${name}: ${ratio.toFixed(2)}${unit} (${wanted}${unit}: ${met ? 'met' : 'MISSED'})`,
  );
  return met;
}

export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
export const perSecond = (value: number, what: string) => `${value.toFixed(value < 100 ? 2 : 0)} ${what}/s`;
export const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

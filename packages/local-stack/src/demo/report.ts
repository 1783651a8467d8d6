/** One line of what came out: the first of an input carries its name. */
export interface ReportRow {
  input: string;
  output: string;
  size: string;
  dimensions: string;
  codec: string;
  seconds: string;
  file: string;
}

const columns: (keyof ReportRow)[] = ['input', 'output', 'size', 'dimensions', 'codec', 'seconds', 'file'];

/** A table as wide as its content. */
export function formatTable(rows: readonly ReportRow[]): string {
  const header = Object.fromEntries(columns.map((name) => [name, name])) as Record<keyof ReportRow, string>;
  const widths = columns.map((name) => Math.max(...[header, ...rows].map((row) => row[name].length)));
  const line = (row: Record<keyof ReportRow, string>) =>
    columns
      .map((name, i) => row[name].padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [line(header), rule, ...rows.map(line)].join('\n');
}

/** 1 KB = 2^10 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kilobytes = bytes / 1024;
  return kilobytes < 1024 ? `${kilobytes.toFixed(0)} KB` : `${(kilobytes / 1024).toFixed(1)} MB`;
}

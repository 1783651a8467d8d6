import { createInterface } from 'node:readline';
import { percentile } from '../report.ts';
import { load, type LoadOptions } from './load.ts';

/**
 * The load as a process of its own: takes its options as JSON from a line of its input, says what came of it, and takes
 * the next line.
 */
export interface LoadSummary {
  /** How many of the requests were sent and answered. */
  sent: number;
  perSecond: number;
  /** Of one request, in ms. */
  p50: number;
  p99: number;
}

interface Order extends Omit<LoadOptions, 'requests'> {
  ids: readonly string[];
  authorization: string;
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const { ids, authorization, ...options } = JSON.parse(line) as Order;
  const requests = ids.map((id) =>
    [
      `POST /api/jobs/${id}/retry HTTP/1.1`,
      'Host: 127.0.0.1',
      `Authorization: ${authorization}`,
      '\r\n',
    ].join('\r\n'),
  );
  const { wall, latencies } = await load({ ...options, requests });
  const summary: LoadSummary = {
    sent: latencies.length,
    perSecond: (latencies.length * 1_000) / wall,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
  console.log(JSON.stringify(summary));
}

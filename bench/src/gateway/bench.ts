import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { startScript } from '../child.ts';
import { cpuOf } from '../cpu-time.ts';
import { type LineProgram, startLineScript } from '../line-program.ts';
import { heading, median, ms, note, perSecond, row, verdict } from '../report.ts';
import { openStack, type Stack } from '../stack.ts';
import { addFailedJobs } from './failed-jobs.ts';
import type { LoadSummary } from './load-main.ts';

const CONNECTIONS = 50;
const ROUNDS = 4;
const REQUESTS = { gateway: 12_000, bare: 16_000, warmUp: 4_000 };

/** A POST that accepts a small job, with all that stands before and behind it, against an express route that does nothing. */
export async function benchGateway(dir: string): Promise<void> {
  heading('Gateway: a POST that accepts a small job (50 connections)');
  const stack = await openStack(dir);
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 });
  const express = await startScript(new URL('bare-express.js', import.meta.url), [], { ready: '"listening"' });
  const { port } = JSON.parse(express.line) as { port: number };
  const client = await startLineScript(new URL('load-main.js', import.meta.url));
  const servers = {
    gateway: { pid: stack.gateway.pid, port: Number(new URL(stack.url).port) },
    bare: { pid: express.pid, port },
  };
  const runs = { gateway: [] as Run[], bare: [] as Run[] };
  const catchUps: number[] = [];
  try {
    const ids = await addFailedJobs(pool, REQUESTS.warmUp + ROUNDS * REQUESTS.gateway);
    const drive = (name: 'gateway' | 'bare', count: number) =>
      measure(client, servers[name], name === 'gateway' ? ids.splice(0, count) : freshIds(count), stack);
    await drive('gateway', REQUESTS.warmUp);
    await untilTold(pool);
    await drive('bare', REQUESTS.warmUp);
    for (let round = 0; round < ROUNDS; round++) {
      runs.gateway.push(await drive('gateway', REQUESTS.gateway));
      // What the relay still has to tell Redis would otherwise be told at the other's cost.
      catchUps.push(await untilTold(pool));
      runs.bare.push(await drive('bare', REQUESTS.bare));
    }
  } finally {
    await client.stop();
    await express.stop();
    await pool.end();
    await stack.stop();
  }
  report(runs, catchUps);
}

interface Run extends LoadSummary {
  /** CPU of the server for a request, in ms. */
  cpu: number;
}

async function measure(
  client: LineProgram,
  server: { pid: number; port: number },
  ids: readonly string[],
  { authorization }: Stack,
): Promise<Run> {
  const before = cpuOf(server.pid);
  const order = { ids, authorization, port: server.port, connections: CONNECTIONS, status: 202 };
  const summary = JSON.parse(await client.ask(order)) as LoadSummary;
  return { ...summary, cpu: (cpuOf(server.pid) - before) / ids.length };
}

function freshIds(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

/** Waits until the outbox is empty, and answers how long that took, in ms. */
async function untilTold(pool: pg.Pool): Promise<number> {
  const start = performance.now();
  for (;;) {
    const { rowCount } = await pool.query('select 1 from outbox limit 1');
    if (rowCount === 0) return performance.now() - start;
    await wait(20);
  }
}

function report(runs: { gateway: readonly Run[]; bare: readonly Run[] }, catchUps: readonly number[]): void {
  const middle = (list: readonly Run[], figure: keyof Run) => median(list.map((run) => run[figure]));
  for (const [name, list] of [
    ['gateway: POST /api/jobs/:id/retry', runs.gateway],
    ['bare express 5 route', runs.bare],
  ] as const) {
    row(
      name,
      perSecond(middle(list, 'perSecond'), 'requests'),
      `${ms(middle(list, 'cpu'))} CPU each`,
      `  p50 ${ms(middle(list, 'p50'))}, p99 ${ms(middle(list, 'p99'))}`,
    );
  }
  const ratio = (figure: keyof Run) => middle(runs.gateway, figure) / middle(runs.bare, figure);
  verdict('requests a second, gateway to bare', ratio('perSecond'), { atLeast: 0.65 });
  verdict('p99, gateway to bare', ratio('p99'), { atMost: 3 });
  note(`after ${REQUESTS.gateway} requests the queue had been told of all of them within ${ms(median(catchUps))}`);
}

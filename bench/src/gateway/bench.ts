import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { startScript } from '../child.ts';
import { cpuOf, cpuOfFamily } from '../cpu-time.ts';
import { type LineProgram, startLineScript } from '../line-program.ts';
import { fillFreeMemory } from '../page-cache.ts';
import { heading, median, ms, note, perSecond, row, verdict } from '../report.ts';
import { openStack, type Stack } from '../stack.ts';
import { addFailedJobs } from './failed-jobs.ts';
import type { LoadSummary } from './load-main.ts';

const CONNECTIONS = 50;
const ROUNDS = 4;
const SECONDS = 3;
/** Both compile what they run for the first seconds. */
const WARM_UP_SECONDS = 5;
/** More than any machine answers in that time: each id is used once. */
const MOST_A_SECOND = 20_000;
const JOBS = MOST_A_SECOND * (WARM_UP_SECONDS + ROUNDS * SECONDS);

/** A POST that accepts a small job, with all that stands before and behind it, against an express route that does nothing. */
export async function benchGateway(dir: string): Promise<void> {
  heading('Gateway: a POST that accepts a small job (50 connections)');
  const stack = await openStack(dir);
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 });
  const express = await startScript(new URL('bare-express.js', import.meta.url), [], {
    ready: '"listening"',
  });
  const { port } = JSON.parse(express.line) as { port: number };
  const client = await startLineScript(new URL('load-main.js', import.meta.url));
  const servers = {
    gateway: { pid: stack.gateway.pid, port: Number(new URL(stack.url).port) },
    bare: { pid: express.pid, port },
  };
  const runs = { gateway: [] as Run[], bare: [] as Run[] };
  const behind = { postgres: [] as number[], redis: [] as number[] };
  const waiting: number[] = [];
  try {
    const ids = await addFailedJobs(pool, JOBS);
    const driveGateway = async (seconds: number) => {
      const before = { postgres: cpuOfFamily(stack.pids.postgres), redis: cpuOf(stack.pids.redis) };
      const run = await measure(
        client,
        servers.gateway,
        ids.slice(0, MOST_A_SECOND * seconds),
        seconds,
        stack,
      );
      ids.splice(0, run.sent);
      // What the relay still has to tell Redis would otherwise be told at the other's cost.
      waiting.push(await untilTold(pool));
      behind.postgres.push((cpuOfFamily(stack.pids.postgres) - before.postgres) / run.sent);
      behind.redis.push((cpuOf(stack.pids.redis) - before.redis) / run.sent);
      return run;
    };
    const driveBare = (seconds: number) =>
      measure(client, servers.bare, freshIds(MOST_A_SECOND * seconds), seconds, stack);
    await driveGateway(WARM_UP_SECONDS);
    await driveBare(WARM_UP_SECONDS);
    for (let round = 0; round < ROUNDS; round++) {
      await fillFreeMemory(dir);
      runs.gateway.push(await driveGateway(SECONDS));
      runs.bare.push(await driveBare(SECONDS));
    }
  } finally {
    await client.stop();
    await express.stop();
    await pool.end();
    await stack.stop();
  }
  report(runs);
  note(
    `behind it, for each request: Postgres ${ms(median(behind.postgres))} CPU, Redis ${ms(median(behind.redis))}`,
  );
  note(
    `of the jobs, ${Math.max(...waiting)} waited in Postgres for room in the queue at the end; none was worked on`,
  );
}

interface Run extends LoadSummary {
  /** CPU of the server for a request, in ms. */
  cpu: number;
}

async function measure(
  client: LineProgram,
  server: { pid: number; port: number },
  ids: readonly string[],
  seconds: number,
  { authorization }: Stack,
): Promise<Run> {
  const before = cpuOf(server.pid);
  const order = { ids, seconds, authorization, port: server.port, connections: CONNECTIONS, status: 202 };
  const summary = JSON.parse(await client.ask(order)) as LoadSummary;
  return { ...summary, cpu: (cpuOf(server.pid) - before) / summary.sent };
}

function freshIds(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

/** Waits until Redis is told as much as it should hold, and answers how many jobs wait in Postgres then. */
async function untilTold(pool: pg.Pool): Promise<number> {
  for (let last = -1; ;) {
    const { rows } = await pool.query<{ n: number }>(
      'select count(*)::int as n from outbox where told_at is null',
    );
    const n = rows[0]?.n ?? 0;
    if (n === last) return n;
    last = n;
    await wait(50);
  }
}

function report(runs: { gateway: readonly Run[]; bare: readonly Run[] }): void {
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
}

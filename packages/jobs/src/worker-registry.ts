import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Executor } from './ledger.ts';

export interface WorkerVitals {
  id: string;
  service: string;
  version: string;
  slots: number;
  busy: number;
  done: number;
  failed: number;
}

/** Writes that this worker is alive, and how it is doing. */
export async function registerHeartbeat(db: Executor, worker: WorkerVitals): Promise<void> {
  await sql`
    insert into workers (id, service, hostname, pid, version, slots, busy, done, failed)
    values (${worker.id}, ${worker.service}, ${hostname()}, ${process.pid}, ${worker.version}, ${worker.slots},
            ${worker.busy}, ${worker.done}, ${worker.failed})
    on conflict (id) do update set busy = excluded.busy, done = excluded.done, failed = excluded.failed,
      heartbeat_at = now()`.execute(db);
}

export async function unregister(db: Executor, id: string): Promise<void> {
  await sql`delete from workers where id = ${id}`.execute(db);
}

/** A worker that has said nothing for this long is taken for dead. */
const ALIVE_S = 30;

export interface WorkerRow extends WorkerVitals {
  hostname: string;
  pid: number;
  started_at: Date;
  heartbeat_at: Date;
  /** Since it was last heard of, in ms. */
  silent_ms: number;
}

/** The workers that are alive, of every service, the oldest first. */
export async function listWorkers(db: Executor): Promise<WorkerRow[]> {
  const { rows } = await sql<WorkerRow>`
    select id, service, hostname, pid, version, slots, busy, done, failed, started_at, heartbeat_at,
      greatest(0, extract(epoch from now() - heartbeat_at) * 1000)::int as silent_ms
    from workers where heartbeat_at > now() - ${ALIVE_S} * interval '1 s'
    order by service, started_at, id`.execute(db);
  return rows;
}

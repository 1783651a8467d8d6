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

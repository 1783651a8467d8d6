import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Pool } from 'pg';
import { cpuOf } from '../cpu-time.ts';
import { sendFile } from '../send-file.ts';
import type { Stack } from '../stack.ts';

/** Uploads under way at a time: enough that the workers never wait for one. */
const UPLOADS = 6;
const POLL_MS = 500;

export interface ServiceRun {
  /** From the first POST to the last item that was ready, in ms. */
  wall: number;
  /** CPU of the gateway, in ms. */
  gatewayCpu: number;
  /** CPU of the media-transcoder, in ms. */
  workerCpu: number;
}

export interface Photo {
  path: string;
  bytes: Buffer;
}

/** What those who send them have at hand: to read megabytes anew for each is a tenth of what is measured. */
export function readPhotos(paths: readonly string[]): Promise<Photo[]> {
  return Promise.all(paths.map(async (path) => ({ path, bytes: await readFile(path) })));
}

/**
 * Sends the photos to the gateway and waits until every one is ready.
 * @throws Error when one is refused or fails
 */
export async function renderByService(
  stack: Stack,
  pool: Pool,
  photos: readonly Photo[],
): Promise<ServiceRun> {
  const worker = stack.worker;
  if (!worker) throw new Error('the stack has no worker');
  const cpu = () => ({ gateway: cpuOf(stack.gateway.pid), worker: cpuOf(worker.pid) });
  const [before, startedAt] = [cpu(), Date.now()];
  const left = [...photos];
  const ids: number[] = [];
  const sender = async () => {
    for (let photo = left.pop(); photo !== undefined; photo = left.pop())
      ids.push(await upload(stack, photo));
  };
  await Promise.all(Array.from({ length: UPLOADS }, sender));
  const finishedAt = await lastFinish(pool, ids);
  const after = cpu();
  return {
    wall: finishedAt - startedAt,
    gatewayCpu: after.gateway - before.gateway,
    workerCpu: after.worker - before.worker,
  };
}

async function upload(stack: Stack, { path, bytes }: Photo): Promise<number> {
  const headers = { authorization: stack.authorization };
  const item = await sendFile(`${stack.url}/api/media/upload/`, path, headers, bytes);
  return (item as { id: number }).id;
}

/** When the last of the items became ready, by the ledger: asking the API often enough to tell would cost too much. */
async function lastFinish(pool: Pool, ids: readonly number[]): Promise<number> {
  for (;;) {
    const { rows } = await pool.query<{ open: string; failed: string; last: number }>(
      `select count(*) filter (where j.finished_at is null) as open, count(*) filter (where j.status = 'failed') as failed,
         extract(epoch from max(j.finished_at))::float8 * 1000 as last
       from media_items m join jobs j on j.id = m.job_id where m.id = any($1)`,
      [ids],
    );
    const [state] = rows;
    if (state && Number(state.failed) > 0) throw new Error(`${state.failed} photos failed`);
    if (state && Number(state.open) === 0) return state.last;
    await wait(POLL_MS);
  }
}

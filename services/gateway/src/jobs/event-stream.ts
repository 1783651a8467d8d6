import { isTerminal, type JobView } from '@mediaworks/contracts';
import type { Dispatcher, JobRow } from '@mediaworks/jobs';
import type { Response } from 'express';

/** Keeps proxies from closing a stream that has nothing to say. */
const HEARTBEAT_MS = 15_000;
/** What a browser waits before it connects again. */
const RECONNECT_MS = 2_000;

/**
 * Streams a job's changes as Server-Sent Events until its terminal one, the client's leave or `closing`. A client that
 * reads slowly gets fewer events, never old ones: only the newest waits for it.
 *
 * @param seen the version that the client has seen, from Last-Event-ID; 0 for none
 */
export function streamJob(options: {
  res: Response;
  job: JobRow;
  seen: number;
  watch: Dispatcher['watch'];
  present: (row: JobRow) => JobView;
  closing: AbortSignal;
}): Promise<void> {
  const { res, job, seen, watch, present, closing } = options;
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  res.write(`retry: ${RECONNECT_MS}\n\n`);

  return new Promise((resolve) => {
    let told: JobRow['status'] | undefined;
    let waiting: JobRow | undefined;
    let ended = false;
    let unwatch: () => void = () => undefined;

    const end = () => {
      if (ended) return;
      ended = true;
      clearInterval(heartbeat);
      closing.removeEventListener('abort', end);
      unwatch();
      res.end();
      resolve();
    };
    const write = (row: JobRow) => {
      const name = isTerminal(row.status) ? row.status : row.status === told ? 'progress' : 'status';
      told = row.status;
      res.write(`id: ${row.version}\nevent: ${name}\ndata: ${JSON.stringify(present(row))}\n\n`);
      if (isTerminal(row.status)) end();
    };
    const offer = (row: JobRow) => {
      if (ended) return;
      if (res.writableNeedDrain) waiting = row;
      else write(row);
    };
    res.on('drain', () => {
      const row = waiting;
      waiting = undefined;
      if (row) write(row);
    });
    res.on('close', end);
    const heartbeat = setInterval(() => {
      if (!res.writableNeedDrain) res.write(': still here\n\n');
    }, HEARTBEAT_MS);
    closing.addEventListener('abort', end, { once: true });
    if (closing.aborted) end();
    if (job.version > seen) {
      told = undefined;
      offer(job);
    } else {
      told = job.status;
    }
    if (!ended) unwatch = watch.watch(job.id, job.version, offer);
  });
}

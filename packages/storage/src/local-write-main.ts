import { workerData } from 'node:worker_threads';
import { blockAt } from './local-blocks.ts';
import { FileSink } from './local-sink.ts';
import { serve } from './local-thread.ts';
import type { WriteOrder, WriteOutcome } from './local-write-thread.ts';

/** The thread of `startWriteThread`: hashes blocks and has them written, those of several files at a time. */
const memory = workerData as SharedArrayBuffer;
const sinks = new Map<number, FileSink>();

serve(async (order: WriteOrder): Promise<WriteOutcome> => {
  const { fd, step } = order;
  const sink = sinks.get(fd) ?? new FileSink(fd);
  sinks.set(fd, sink);
  try {
    if (step === 'write') {
      await sink.write(blockAt(memory, order.index).subarray(0, order.size), true, order.position);
      return {};
    }
    try {
      return step === 'end' ? { sha256: await sink.end() } : {};
    } finally {
      sinks.delete(fd);
      await sink.close();
    }
  } catch (error) {
    return { failed: (error as Partial<NodeJS.ErrnoException>).code ?? 'EIO' };
  }
});

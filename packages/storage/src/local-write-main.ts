import { closeSync, openSync } from 'node:fs';
import { BlockWriter } from './local-file-writer.ts';
import { serve } from './local-thread.ts';
import type { WriteOrder, WriteOutcome } from './local-write-thread.ts';

/** The thread of `startWriteThread`: hashes and writes several files at a time. */
const writers = new Map<string, BlockWriter>();

serve(async ({ path, step, chunks }: WriteOrder): Promise<WriteOutcome> => {
  const writer = writers.get(path) ?? new BlockWriter(path, { open: openSync, close: closeSync });
  writers.set(path, writer);
  try {
    try {
      for (const chunk of chunks) await writer.add(chunk);
      return step === 'end' ? { sha256: await writer.end() } : {};
    } finally {
      if (step !== 'add') {
        writers.delete(path);
        await writer.close();
      }
    }
  } catch (error) {
    return { failed: (error as Partial<NodeJS.ErrnoException>).code ?? 'EIO' };
  }
});

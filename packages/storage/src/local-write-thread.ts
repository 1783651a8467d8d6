import { type Block, blocks } from './local-blocks.ts';
import type { Sink } from './local-sink.ts';
import { startThread, type Thread } from './local-thread.ts';

/** What is to be done with an open file, by its descriptor: one thing after the other. */
export type WriteOrder =
  | { fd: number; step: 'write'; index: number; size: number; position: number }
  | { fd: number; step: 'end' | 'drop' };

/** The file's hash in the end; why it could not be done, as the system's code. */
export interface WriteOutcome {
  sha256?: string;
  failed?: string;
}

export interface WriteThread extends Pick<Thread<never, never>, 'ready' | 'started'> {
  /** Has an open, empty file written. Only blocks that have an index can be. */
  open(fd: number): Sink;
}

/** A thread that hashes what is written, which would otherwise be most of what the caller's thread does for a file. */
export function startWriteThread(): WriteThread {
  const thread = startThread<WriteOrder, WriteOutcome>('local-write-main', blocks.shared());
  const ask = async (order: WriteOrder): Promise<string> => {
    const { sha256 = '', failed } = (await thread.ask(order)) ?? { failed: 'ECANCELED' };
    if (failed === undefined) return sha256;
    throw Object.assign(new Error(`A file could not be written (${failed})`), { code: failed });
  };
  return {
    get ready() {
      return thread.ready;
    },
    started: thread.started,
    open: (fd) => {
      let isOpen = true;
      return {
        write: async ({ index = NaN }: Block, size, position) => {
          await ask({ fd, step: 'write', index, size, position });
        },
        end: () => {
          isOpen = false;
          return ask({ fd, step: 'end' });
        },
        close: async () => {
          if (isOpen) await thread.ask({ fd, step: 'drop' });
        },
      };
    },
  };
}

import { sharedPageMemory } from '@mediaworks/runtime/page-memory';
import { BLOCK_BYTES, blocksOf, copyInto } from './local-blocks.ts';
import { BlockWriter, type FileWriter } from './local-file-writer.ts';
import { startThread, type Thread } from './local-thread.ts';

/** What is to be added to a file, and whether it then ends, or is given up. */
export interface WriteOrder {
  readonly path: string;
  readonly step: 'add' | 'end' | 'close';
  readonly chunks: readonly Uint8Array[];
  /** Whether each chunk begins at a page: then it is written from where it is. */
  readonly aligned: boolean;
}

/** The file's hash in the end; why it could not be done, as the system's code. */
export interface WriteOutcome {
  sha256?: string;
  failed?: string;
}

export interface WriteThread extends Pick<Thread<never, never>, 'ready' | 'started'> {
  /**
   * @param path of a file that must not exist
   * @param onAdded told of each chunk that is not looked at any more
   */
  open(path: string, onAdded: (chunk: Uint8Array) => void): FileWriter;
}

/** What is less is written by whoever has it. */
const FEW_BYTES = 2 ** 17;
/** So many blocks for copies are used over and over. */
const COPIES = 32;
const copies = createCopies();

/** A thread that hashes what is written, which would otherwise be most of what the caller's thread does for a file. */
export function startWriteThread(): WriteThread {
  const thread = startThread<WriteOrder, WriteOutcome>('local-write-main');
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
    open: (path, onAdded) => new HandingOn(path, ask, onAdded),
  };
}

/** Hands what it is given on to the thread: as it is where the thread can see it, otherwise a copy. */
class HandingOn implements FileWriter {
  #parts: Uint8Array[] = [];
  #size = 0;
  /** A copy that is being made, of so many bytes. */
  #copy: Buffer | undefined;
  #copied = 0;
  #adding: Promise<void> | undefined;
  #handing: Promise<unknown> = Promise.resolve();
  /** What the thread has not been told of is written by this one. */
  #own: BlockWriter | undefined;
  #isTold = false;

  constructor(
    readonly path: string,
    readonly ask: (order: WriteOrder) => Promise<string>,
    readonly onAdded: (chunk: Uint8Array) => void,
  ) {}

  add(chunk: Uint8Array): Promise<void> | undefined {
    if (!(chunk.buffer instanceof SharedArrayBuffer)) return this.#addCopy(chunk, 0);
    this.#endCopy();
    this.#parts.push(chunk);
    this.#size += chunk.length;
    return this.#size < BLOCK_BYTES ? undefined : (this.#adding = this.#handOn());
  }

  async end(): Promise<string> {
    if (!this.#isTold && this.#size < FEW_BYTES) return this.#writeHere();
    await this.#handing;
    this.#isTold = false;
    return this.#ask('end', this.#takeParts());
  }

  async close(): Promise<void> {
    await this.#adding?.catch(() => undefined);
    await this.#handing.catch(() => undefined);
    await this.#own?.close();
    if (this.#isTold) await this.#ask('close', []).catch(() => undefined);
    for (const part of this.#takeParts()) copies.giveBack(part);
  }

  #addCopy(chunk: Uint8Array, from: number): Promise<void> | undefined {
    const part = chunk.subarray(from, from + BLOCK_BYTES - this.#size);
    this.#copy ??= copies.take();
    copyInto(this.#copy, part, this.#copied);
    this.#copied += part.length;
    this.#size += part.length;
    const to = from + part.length;
    if (to === chunk.length) this.onAdded(chunk);
    if (this.#size < BLOCK_BYTES) return undefined;
    const rest = () => (to < chunk.length ? this.#addCopy(chunk, to) : undefined);
    return (this.#adding = this.#handOn().then(rest));
  }

  #endCopy(): void {
    if (this.#copy) this.#parts.push(this.#copy.subarray(0, this.#copied));
    this.#copy = undefined;
    this.#copied = 0;
  }

  #takeParts(): Uint8Array[] {
    this.#endCopy();
    const parts = this.#parts;
    this.#parts = [];
    this.#size = 0;
    return parts;
  }

  async #handOn(): Promise<void> {
    await this.#handing;
    this.#isTold = true;
    this.#handing = this.#ask('add', this.#takeParts());
    // Whoever awaits it next sees the error; until then it must not count as unhandled.
    this.#handing.catch(() => undefined);
  }

  /** Once there is an answer, the thread looks at the chunks no more. */
  async #ask(step: WriteOrder['step'], chunks: readonly Uint8Array[]): Promise<string> {
    const aligned = chunks.every((chunk) => copies.isAligned(chunk));
    try {
      return await this.ask({ path: this.path, step, chunks, aligned });
    } finally {
      this.#giveBack(chunks);
    }
  }

  async #writeHere(): Promise<string> {
    const writer = (this.#own = new BlockWriter(this.path));
    const parts = this.#takeParts();
    try {
      for (const part of parts) await writer.add(part);
    } finally {
      this.#giveBack(parts);
    }
    return writer.end();
  }

  #giveBack(parts: readonly Uint8Array[]): void {
    for (const part of parts) if (!copies.giveBack(part)) this.onAdded(part);
  }
}

/** Memory that threads share, to copy into what they do not. */
function createCopies() {
  const ours = new WeakSet<ArrayBufferLike>();
  let aligned: SharedArrayBuffer | undefined;
  let free: Buffer[] | undefined;
  const make = () => {
    const memory = new SharedArrayBuffer(BLOCK_BYTES);
    ours.add(memory);
    return Buffer.from(memory);
  };
  return {
    take(): Buffer {
      free ??= blocksOf((aligned = sharedPageMemory(COPIES * BLOCK_BYTES)));
      return free.pop() ?? make();
    },
    isAligned: ({ buffer }: Uint8Array): boolean => buffer === aligned,
    /** @returns false for what is none of it */
    giveBack({ buffer, byteOffset }: Uint8Array): boolean {
      if (buffer !== aligned) return ours.has(buffer);
      free?.push(Buffer.from(buffer, byteOffset, BLOCK_BYTES));
      return true;
    },
  };
}

import { copyInto } from './local-blocks.ts';
import { BlockWriter, type FileWriter } from './local-file-writer.ts';
import { startThread, type Thread } from './local-thread.ts';

/** What is to be added to a file, and whether it then ends, or is given up. */
export interface WriteOrder {
  readonly path: string;
  readonly step: 'add' | 'end' | 'close';
  readonly chunks: readonly Uint8Array[];
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
/** So much is handed on at a time: each time costs as much as some of it. */
const HANDED_BYTES = 2 ** 20;
/** So much memory for copies is kept. */
const MOST_FREE = 16;
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
  #handing: Promise<void> = Promise.resolve();
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
    return this.#size < HANDED_BYTES ? undefined : (this.#adding = this.#handOn());
  }

  async end(): Promise<string> {
    if (!this.#isTold && this.#size < FEW_BYTES) return this.#writeHere();
    await this.#handing;
    this.#isTold = false;
    const chunks = this.#takeParts();
    const sha256 = await this.ask({ path: this.path, step: 'end', chunks });
    this.#giveBack(chunks);
    return sha256;
  }

  async close(): Promise<void> {
    await this.#adding?.catch(() => undefined);
    await this.#handing.catch(() => undefined);
    await this.#own?.close();
    if (this.#isTold) await this.ask({ path: this.path, step: 'close', chunks: [] }).catch(() => undefined);
  }

  #addCopy(chunk: Uint8Array, from: number): Promise<void> | undefined {
    const part = chunk.subarray(from, from + HANDED_BYTES - this.#size);
    this.#copy ??= copies.take();
    copyInto(this.#copy, part, this.#copied);
    this.#copied += part.length;
    this.#size += part.length;
    const to = from + part.length;
    if (to === chunk.length) this.onAdded(chunk);
    if (this.#size < HANDED_BYTES) return undefined;
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
    const chunks = this.#takeParts();
    this.#handing = this.ask({ path: this.path, step: 'add', chunks }).then(() => this.#giveBack(chunks));
    // Whoever awaits it next sees the error; until then it must not count as unhandled.
    this.#handing.catch(() => undefined);
  }

  async #writeHere(): Promise<string> {
    const writer = (this.#own = new BlockWriter(this.path));
    const parts = this.#takeParts();
    for (const part of parts) await writer.add(part);
    this.#giveBack(parts);
    return writer.end();
  }

  #giveBack(parts: readonly Uint8Array[]): void {
    for (const part of parts) if (!copies.giveBack(part)) this.onAdded(part);
  }
}

/** Memory that threads share, to copy into what they do not. */
function createCopies() {
  const ours = new WeakSet<ArrayBufferLike>();
  const free: Buffer[] = [];
  const make = () => {
    const memory = new SharedArrayBuffer(HANDED_BYTES);
    ours.add(memory);
    return Buffer.from(memory);
  };
  return {
    take: (): Buffer => free.pop() ?? make(),
    /** @returns false for what is none of it */
    giveBack({ buffer }: Uint8Array): boolean {
      if (!ours.has(buffer)) return false;
      if (free.length < MOST_FREE) free.push(Buffer.from(buffer));
      return true;
    },
  };
}

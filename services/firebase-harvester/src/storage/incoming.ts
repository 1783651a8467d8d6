import type { Dispatcher } from 'undici';
import { hold } from './blocks.ts';

/** The bytes of an answer on their way. */
export interface Incoming {
  /**
   * What has come since the last call, a good deal of it at once; undefined when all has come.
   * @throws what the transfer broke off with, after all that came before; the signal's reason
   */
  next(): Promise<readonly Buffer[] | undefined>;
  /** Nothing more is wanted. What has not all come gives its connection up. */
  stop(): void;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Incoming;
}

type Controller = Dispatcher.DispatchController;
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** So many bytes are gathered before the reader is woken: each waking costs as much as some of them. */
const GATHERED_BYTES = 2 ** 18;
/** So many may wait for the reader before the sender is. */
const HELD_BYTES = 3 * 2 ** 17;

/**
 * Asks for a path, and hands on what comes without a stream in between, which would cost half of the transfer.
 * @throws what undici could not do; the signal's reason
 */
export function request(
  pool: Dispatcher,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    pool.dispatch({ method: 'GET', path, headers }, new Transfer(signal, resolve, reject));
  });
}

class Transfer implements Incoming, Dispatcher.DispatchHandler {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Undefined while more may come. */
  #end: { error?: Error } | undefined;
  #controller: Controller | undefined;
  #wake: (() => void) | undefined;
  readonly #giveUp: () => void;

  constructor(
    readonly signal: AbortSignal,
    readonly onAnswer: (answer: Answer) => void,
    readonly onFailure: (error: Error) => void,
  ) {
    this.#giveUp = () => this.#breakOff(signal.reason as Error);
    signal.addEventListener('abort', this.#giveUp, { once: true });
  }

  async next(): Promise<readonly Buffer[] | undefined> {
    if (this.#end === undefined && this.#size < GATHERED_BYTES) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.signal.throwIfAborted();
    if (this.#chunks.length === 0) {
      if (this.#end?.error) throw this.#end.error;
      return undefined;
    }
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#size = 0;
    if (this.#controller?.paused === true) this.#controller.resume();
    return chunks;
  }

  stop(): void {
    if (!this.#end) this.#breakOff(new Error('nothing more is wanted'));
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#end?.error) controller.abort(this.#end.error);
  }

  onResponseStart(_controller: Controller, status: number, headers: Headers): void {
    if (status >= 200) this.onAnswer({ status, headers, body: this });
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    hold(chunk);
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= HELD_BYTES) controller.pause();
    if (this.#size >= GATHERED_BYTES) this.#wakeUp();
  }

  onResponseEnd(): void {
    this.#finish({});
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#finish({ error });
  }

  #breakOff(error: Error): void {
    if (this.#end) return;
    this.#finish({ error });
    this.#chunks = [];
    this.#controller?.abort(error);
  }

  #finish(end: { error?: Error }): void {
    // What was broken off is told of once more, by whoever broke off.
    if (this.#end) return;
    this.#end = end;
    this.signal.removeEventListener('abort', this.#giveUp);
    // Where there is an answer already, this does nothing.
    if (end.error) this.onFailure(end.error);
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

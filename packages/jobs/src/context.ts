import type { InputOf, JobType, ResultOf } from '@mediaworks/contracts';
import type { Logger } from '@mediaworks/runtime';
import type { ObjectStore } from '@mediaworks/storage';

/** What a handler works with. Everything in it stops working when `signal` aborts. */
export interface JobContext {
  readonly job: {
    readonly id: string;
    readonly type: JobType;
    readonly run: number;
    readonly checkpoint: unknown;
  };
  /** `users.id` of whoever the job belongs to. */
  readonly owner: number;
  /** From 1. */
  readonly attempt: number;
  /** Aborts on cancel, timeout, lost claim and shutdown. Every child process, fetch and stream takes it. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly store: ObjectStore;
  /** A private folder, made when it is first asked for and gone afterwards, whatever happens. */
  readonly tmp: string;
  /**
   * Says that what is left leaves a processor idle in between, as waiting for the store does: another job may begin in
   * this one's slot. The claim, the signal and the folder stay until the handler returns.
   */
  releaseSlot(): void;
  /** How far it has come, 0–100, and what it is doing, in words. Written at most twice a second. */
  progress(percent: number, stage?: string): void;
  /** Saves a small JSON value that the next try finds in `job.checkpoint`. @throws when the claim is lost */
  checkpoint(cursor: unknown): Promise<void>;
  /** Adds a child job, idempotent by key within this job. Returns its id. @throws when the claim is lost */
  spawn<T extends JobType>(type: T, key: string, input: InputOf<T>): Promise<string>;
  /** The same for many of one type, written at once. Returns their ids in the order given. */
  spawnAll<T extends JobType>(
    type: T,
    children: readonly { key: string; input: InputOf<T> }[],
  ): Promise<string[]>;
}

export type Handler<T extends JobType> = (input: InputOf<T>, ctx: JobContext) => Promise<ResultOf<T>>;

import { type InputOf, type JobDefinition, type JobType, jobCatalog } from '@mediaworks/contracts';
import { asError, type Logger, withTempDir } from '@mediaworks/runtime';
import type { ObjectStore } from '@mediaworks/storage';
import { TimeoutError } from './classify.ts';
import type { JobContext } from './context.ts';
import { insertChildren, newJob } from './enqueue.ts';
import { type Claim, type Executor, saveCheckpoint } from './ledger.ts';

/** Somebody else holds the job now, or it was cancelled: nothing that this worker does counts any more. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError';
}

/** The process is going away; the job goes back to the queue without using up a try. */
export class ShutdownError extends Error {
  override readonly name = 'ShutdownError';
}

/** How long a handler may take to notice that its signal has aborted, before it is left behind. */
const ABORT_GRACE_MS = 10_000;

/** What a worker gives to each of its jobs. */
interface Surroundings {
  db: Executor;
  store: ObjectStore;
  log: Logger;
  onSpawn: () => void;
  releaseSlot: () => void;
}

/** A claimed job while its handler runs. */
export class HeldJob {
  readonly definition: JobDefinition;
  readonly #abort = new AbortController();
  percent = 0;
  stage = '';
  /** Progress that is not stored yet. */
  dirty = false;

  constructor(readonly claim: Claim) {
    const definition = jobCatalog.get(claim.type);
    if (!definition) throw new Error(`no job type ${claim.type}`);
    this.definition = definition;
  }

  stop(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** Why it was stopped, if it was. */
  get stopped(): unknown {
    return this.#abort.signal.aborted ? (this.#abort.signal.reason as unknown) : undefined;
  }

  /**
   * Runs the handler in its own folder, under the type's timeout, and checks what it returns.
   * @throws the handler's error, or the reason it was stopped for
   */
  async run(
    handler: (input: never, ctx: JobContext) => Promise<unknown>,
    surroundings: Surroundings & { tmpRoot: string },
  ): Promise<unknown> {
    const { signal } = this.#abort;
    const timer = setTimeout(
      () => this.stop(new TimeoutError(`longer than ${this.definition.timeoutMs} ms`)),
      this.definition.timeoutMs,
    );
    const over = new AbortController();
    try {
      const input = this.definition.input.parse(this.claim.input);
      const result = await withTempDir(surroundings.tmpRoot, async (tmp) => {
        const ctx = this.#context(tmp, surroundings);
        return Promise.race([handler(input as never, ctx), ignoredAbort(signal, over.signal)]);
      });
      signal.throwIfAborted();
      return this.definition.result.parse(result);
    } catch (error) {
      throw this.stopped ?? error;
    } finally {
      clearTimeout(timer);
      over.abort();
      this.stop(new ClaimLostError('the try is over'));
    }
  }

  #context(tmp: () => string, surroundings: Surroundings): JobContext {
    const { claim } = this;
    const { signal } = this.#abort;
    return {
      job: { id: claim.id, type: claim.type as JobType, run: claim.run, checkpoint: claim.checkpoint },
      owner: claim.owner_id,
      attempt: claim.attempt,
      signal,
      log: surroundings.log,
      store: surroundings.store,
      get tmp() {
        return tmp();
      },
      releaseSlot: surroundings.releaseSlot,
      progress: (percent, stage = this.stage) => {
        const bounded = Math.max(0, Math.min(100, percent));
        this.dirty ||= bounded !== this.percent || stage !== this.stage;
        this.percent = bounded;
        this.stage = stage;
      },
      checkpoint: async (cursor) => {
        signal.throwIfAborted();
        if (!(await saveCheckpoint(surroundings.db, claim, cursor))) throw this.#lose();
      },
      spawn: async (type, key, input) => {
        const [id] = await this.#spawn(surroundings, type, [{ key, input }]);
        if (id === undefined) throw this.#lose();
        return id;
      },
      spawnAll: (type, children) => this.#spawn(surroundings, type, children),
    };
  }

  async #spawn<T extends JobType>(
    surroundings: Surroundings,
    type: T,
    children: readonly { key: string; input: InputOf<T> }[],
  ): Promise<string[]> {
    const { claim } = this;
    this.#abort.signal.throwIfAborted();
    if (children.length === 0) return [];
    const jobs = children.map(({ key, input }) =>
      newJob(type, input, {
        ownerId: claim.owner_id,
        requestId: claim.request_id ?? undefined,
        traceparent: claim.traceparent ?? undefined,
        parent: { id: claim.id, run: claim.run, key },
      }),
    );
    const ids = await insertChildren(surroundings.db, claim, jobs);
    if (!ids) throw this.#lose();
    surroundings.onSpawn();
    return ids;
  }

  #lose(): Error {
    const lost = new ClaimLostError('another worker holds this job');
    this.stop(lost);
    return lost;
  }
}

/**
 * Rejects when the signal has been aborted for a while; a handler that minds its signal is long gone by then. Once it is
 * over, nothing waits that would keep what the try held.
 */
function ignoredAbort(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = () => {
      const timer = setTimeout(() => reject(asError(signal.reason)), ABORT_GRACE_MS).unref();
      over.addEventListener('abort', () => clearTimeout(timer), { once: true });
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true, signal: over });
  });
}

import { z } from 'zod';

/** Interactive work is somebody waiting; bulk work is a run's fan-out or a nightly chore, and never overtakes it. */
export type JobPriority = 'interactive' | 'bulk';

export interface JobDefinition<
  Name extends string = string,
  Queue extends string = string,
  Input extends z.ZodType = z.ZodType,
  Result extends z.ZodType = z.ZodType,
> {
  readonly name: Name;
  /** The queue, and so the service, that runs it. */
  readonly queue: Queue;
  /** What the handler is given: references, never bytes; at most {@link MAX_INPUT_BYTES} as JSON. */
  readonly input: Input;
  readonly result: Result;
  /** Tries that may fail before the job does, at least 1. */
  readonly attempts: number;
  /** Wait before try n+1: full jitter over min(maxMs, baseMs · 2^(n-1)), in ms. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  /** One try may take this long, in ms; then it is aborted and counts as failed. */
  readonly timeoutMs: number;
  readonly priority: JobPriority;
}

export const MAX_INPUT_BYTES = 64 * 1024;

/** Declares a job type. This is the only place its name, schemas, retries and timeout are written. */
export function defineJob<
  const Name extends string,
  const Queue extends string,
  Input extends z.ZodType,
  Result extends z.ZodType,
>(definition: JobDefinition<Name, Queue, Input, Result>): JobDefinition<Name, Queue, Input, Result> {
  return definition;
}

export const purgeInput = z.object({ keys: z.array(z.string()), prefixes: z.array(z.string()) });

/** Declares the job by which a service removes the objects of something that was deleted, once its store lets it. */
export function definePurge<const Name extends string, const Queue extends string>(name: Name, queue: Queue) {
  return defineJob({
    name,
    queue,
    input: purgeInput,
    result: z.object({ removed: z.int().nonnegative() }),
    attempts: 20,
    backoff: { baseMs: 1_000, maxMs: 3_600_000 },
    timeoutMs: 10 * 60_000,
    priority: 'bulk',
  });
}

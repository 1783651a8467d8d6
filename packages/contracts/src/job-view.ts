import { z } from 'zod';

export const jobStatus = z.enum(['queued', 'processing', 'completed', 'failed', 'cancelled']);
export type JobStatus = z.infer<typeof jobStatus>;

export function isTerminal(status: JobStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

export const jobError = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });
export type JobError = z.infer<typeof jobError>;

const timestamp = z.iso.datetime();

/** A job as every client sees it. */
export const jobView = z
  .object({
    id: z.uuid(),
    type: z.string(),
    status: jobStatus,
    progress: z.object({ percent: z.number().min(0).max(100), stage: z.string() }),
    run: z.int().positive(),
    attempt: z.int().nonnegative(),
    max_attempts: z.int().positive(),
    input: z.unknown(),
    result: z.unknown().nullable(),
    error: jobError.nullable(),
    attempts: z.array(
      z.object({
        run: z.int(),
        attempt: z.int(),
        started_at: timestamp,
        ended_at: timestamp.nullable(),
        error: jobError.nullable(),
      }),
    ),
    parent_id: z.uuid().nullable(),
    children: z.object({
      queued: z.int(),
      processing: z.int(),
      completed: z.int(),
      failed: z.int(),
      cancelled: z.int(),
    }),
    created_at: timestamp,
    started_at: timestamp.nullable(),
    finished_at: timestamp.nullable(),
    next_run_at: timestamp.nullable(),
    links: z.object({ self: z.string(), events: z.string(), cancel: z.string(), retry: z.string() }),
  })
  .meta({ id: 'Job' });
export type JobView = z.infer<typeof jobView>;

export const jobPage = z.object({ jobs: z.array(jobView), next_cursor: z.string().nullable() });

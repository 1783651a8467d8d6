import { z } from 'zod';
import { harvestKind, harvestOutcome, harvestUserResult } from './firebase-harvester.ts';

const MAX_ADDRESS = 320;
const MAX_ASKED_USERS = 500;
const timestamp = z.iso.datetime();
const count = z.int().nonnegative();

/** How a run stands, in the seed's words. */
export const harvestStatus = z.enum(['idle', 'processing', 'completed', 'failed']);
export type HarvestStatus = z.infer<typeof harvestStatus>;

/** The body of a start; all of it may be left out. */
export const harvestBody = z
  .object({
    users: z.array(z.string().trim().min(1).max(MAX_ADDRESS)).min(1).max(MAX_ASKED_USERS).optional(),
    dry_run: z.boolean().default(false),
    force: z.boolean().default(false),
    zip: z.boolean().default(false),
  })
  .strict();

export const harvestStarted = z.object({
  message: z.string(),
  status: harvestStatus,
  endpoint: z.literal('/batch-process-status'),
  run_id: z.uuid(),
  job_id: z.uuid(),
  /** Users done of users found, `3/10`: of the run that is under way already. */
  progress: z.string().optional(),
});

const runFields = z.object({ run_id: z.uuid().nullable(), job_id: z.uuid().nullable() });

export const harvestProgress = runFields.extend({
  status: harvestStatus,
  total_users: count,
  processed_users: count,
  /** The one that was started last. */
  current_user: z.string().nullable(),
  current_users: z.array(z.string()),
  errors: z.array(z.string()),
  progress_percent: z.number().min(0).max(100),
  total_files_downloaded: count,
  total_size_bytes: count,
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
});
export type HarvestProgress = z.infer<typeof harvestProgress>;

export const harvestUserView = harvestUserResult.extend({
  status: z.enum(['queued', 'processing', 'completed', 'failed', 'cancelled']),
  job_id: z.uuid(),
});
export type HarvestUserView = z.infer<typeof harvestUserView>;

export const harvestResults = runFields.extend({
  status: harvestStatus,
  dry_run: z.boolean(),
  total_users_processed: count,
  successful_users: count,
  failed_users: count,
  total_files_downloaded: count,
  total_size_bytes: count,
  skipped_unchanged: count,
  pending_files: count,
  pending_bytes: count,
  processing_time_seconds: z.number().nonnegative(),
  user_results: z.array(harvestUserView),
  global_errors: z.array(z.string()),
});
export type HarvestResults = z.infer<typeof harvestResults>;

/** One line of a manifest: what a run found of one entry of a user's lists. */
export const harvestManifestLine = z.object({
  user_email: z.string(),
  kind: harvestKind,
  /** From 0; −1 is the list itself. */
  position: z.int(),
  id: z.string().nullable(),
  storage_path: z.string().nullable(),
  outcome: harvestOutcome,
  /** Object key. */
  path: z.string().nullable(),
  /** Bytes of the object. */
  size: count.nullable(),
  sha256: z.string().nullable(),
  /** Base64, as Storage tells them. */
  md5: z.string().nullable(),
  crc32c: z.string().nullable(),
  generation: z.string().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
});
export type HarvestManifestLine = z.infer<typeof harvestManifestLine>;

/** The columns of a manifest in CSV. */
export const harvestManifestColumns = harvestManifestLine.keyof().options;

export const harvestFiles = z.object({
  user: z.string(),
  total: count,
  files: z.array(
    z.object({ path: z.string(), size: count, sha256: z.string(), content_type: z.string(), url: z.url() }),
  ),
});

export const harvestStopped = z.object({
  message: z.string(),
  status: harvestStatus,
  run_id: z.uuid(),
  job_id: z.uuid(),
});

import { z } from 'zod';
import { defineJob } from './define-job.ts';

/** The two lists of a user, and the folders that their files land in. */
export const harvestKind = z.enum(['images', 'voices']);
export type HarvestKind = z.infer<typeof harvestKind>;

/** What became of one entry of a user's lists in one run. */
export const harvestOutcome = z.enum(['downloaded', 'unchanged', 'would_download', 'duplicate', 'failed']);
export type HarvestOutcome = z.infer<typeof harvestOutcome>;

/** How a run goes about it. */
const harvestManner = z.object({
  /** Looks at everything and fetches nothing. */
  dry_run: z.boolean(),
  /** Fetches what has not changed as well. */
  force: z.boolean(),
  /** Writes an archive of each user's files. */
  zip: z.boolean(),
});

export const discoverInput = harvestManner.extend({
  run_id: z.uuid(),
  /** E-mail addresses; null is everybody. */
  users: z.array(z.string()).nullable(),
});
export type DiscoverInput = z.infer<typeof discoverInput>;

export const discoverResult = z.object({
  users: z.int().nonnegative(),
  /** What concerns no single user, in words. */
  problems: z.array(z.string()),
});

export const harvestUserInput = harvestManner.extend({
  run_id: z.uuid(),
  /** `harvest_users.id`. */
  user_id: z.int().positive(),
  /** The document in the users' collection. */
  doc_id: z.string(),
  email: z.string(),
  /** One segment of an object key, this user's alone. */
  folder: z.string(),
});
export type HarvestUserInput = z.infer<typeof harvestUserInput>;

export const harvestUserResult = z.object({
  user_email: z.string(),
  folder: z.string(),
  /** Files that are there now, fetched in this run or before. */
  images_count: z.int().nonnegative(),
  voices_count: z.int().nonnegative(),
  total_files_downloaded: z.int().nonnegative(),
  /** Bytes fetched in this run. */
  total_size_bytes: z.int().nonnegative(),
  skipped_unchanged: z.int().nonnegative(),
  /** What a dry run would fetch. */
  pending_files: z.int().nonnegative(),
  pending_bytes: z.int().nonnegative(),
  failed_files: z.int().nonnegative(),
  /** The first of them, in words; the manifest holds all. */
  errors: z.array(z.string()),
  /** What was odd and did no harm: a name that was taken, an id that is there twice. */
  warnings: z.array(z.string()),
});
export type HarvestUserResult = z.infer<typeof harvestUserResult>;

/** Finds the users of a run and has each harvested by a job of its own. */
export const harvestDiscover = defineJob({
  name: 'harvest.discover',
  queue: 'firebase-harvester',
  input: discoverInput,
  result: discoverResult,
  attempts: 5,
  backoff: { baseMs: 2_000, maxMs: 60_000 },
  timeoutMs: 3_600_000,
  priority: 'interactive',
});

export const harvestUser = defineJob({
  name: 'harvest.user',
  queue: 'firebase-harvester',
  input: harvestUserInput,
  result: harvestUserResult,
  attempts: 5,
  backoff: { baseMs: 2_000, maxMs: 300_000 },
  timeoutMs: 12 * 3_600_000,
  priority: 'bulk',
});

/** Where everything of a user lies. */
export const harvestFolder = (folder: string): string => `downloads/${folder}/`;

/** What is written beside a user's files. */
export const harvestKeys = (folder: string): { jsonl: string; csv: string; zip: string } => ({
  jsonl: `${harvestFolder(folder)}manifest.jsonl`,
  csv: `${harvestFolder(folder)}manifest.csv`,
  zip: `${harvestFolder(folder)}files.zip`,
});

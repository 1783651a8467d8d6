import { firebaseEnv } from '@mediaworks/firebase';
import { byteSize, duration, list } from '@mediaworks/runtime';
import { z } from 'zod';

const collection = z.string().regex(/^[^/]{1,200}$/, 'expected the name of a collection');
/** A bucket's name, which some write as an address. */
const bucketName = z
  .string()
  .transform((text) => text.replace(/^gs:\/\//, '').replace(/\/+$/, ''))
  .pipe(z.string().regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'expected the name of a bucket'));
const parallel = z.coerce.number().int().min(1).max(256);

/** What the firebase-harvester alone reads. */
export const harvestEnv = {
  ...firebaseEnv,
  /** Default: the project's own, `PROJECT.firebasestorage.app`. */
  FIREBASE_STORAGE_BUCKET: bucketName.optional(),
  /** Other buckets that a storage path may name; any else is refused. */
  HARVEST_EXTRA_BUCKETS: list.pipe(z.array(bucketName)).default([]),
  /** `host:port` of an emulator. */
  FIREBASE_STORAGE_EMULATOR_HOST: z.string().optional(),
  HARVEST_USERS_COLLECTION: collection.default('email_users'),
  HARVEST_IMAGES_COLLECTION: collection.default('images'),
  HARVEST_VOICES_COLLECTION: collection.default('voices'),
  /** Files of one user at a time; 1 is one after the other. */
  HARVEST_CONCURRENCY: parallel.default(8),
  /** Files at a time in this process, and of one bucket. */
  HARVEST_MAX_DOWNLOADS: parallel.default(16),
  HARVEST_BUCKET_DOWNLOADS: parallel.default(16),
  /** Bytes a second of this process; default: no limit. */
  HARVEST_BANDWIDTH: byteSize.pipe(z.number().positive()).optional(),
  /** Tries of one file before it is left to the job's next try. */
  HARVEST_FILE_TRIES: z.coerce.number().int().min(1).max(20).default(5),
  /** Before the second try of a file, doubled with each further one. */
  HARVEST_PAUSE: duration.default(500),
  /** How long Storage may say nothing in the middle of a file. */
  HARVEST_SILENCE: duration.default(30_000),
  /** Largest file that is fetched. */
  MAX_HARVEST_BYTES: byteSize.default(5 * 2 ** 30),
  /** Runs whose manifests are kept. */
  HARVEST_RUNS_KEPT: z.coerce.number().int().min(1).max(10_000).default(20),
};

export type HarvestEnv = z.infer<z.ZodObject<typeof harvestEnv>>;

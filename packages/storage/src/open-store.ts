import { flag } from '@mediaworks/runtime';
import { z } from 'zod';
import { createLocalStore } from './local.ts';
import type { ObjectStore } from './object-store.ts';

/** What every process that touches objects reads. */
export const storageEnv = {
  STORAGE: z.enum(['local', 's3']).default('local'),
  STORAGE_ROOT: z.string().default('.mediaworks/objects'),
  URL_SIGNING_SECRET: z.string().min(32),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  S3_BUCKET: z.string().optional(),
  S3_PREFIX: z.string().default(''),
  S3_REGION: z.string().default('us-east-1'),
  S3_ENDPOINT: z.url().optional(),
  S3_FORCE_PATH_STYLE: flag.default(false),
  S3_CHECKSUM_MODE: z.enum(['WHEN_SUPPORTED', 'WHEN_REQUIRED']).default('WHEN_SUPPORTED'),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
};

export type StorageEnv = z.infer<z.ZodObject<typeof storageEnv>>;

/** The store that the environment names. */
export function openStore(env: StorageEnv): ObjectStore {
  return createLocalStore({
    root: env.STORAGE_ROOT,
    signingKey: env.URL_SIGNING_SECRET,
    publicBaseUrl: env.PUBLIC_URL,
  });
}

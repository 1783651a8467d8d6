import { flag } from '@mediaworks/runtime';
import { z } from 'zod';
import { createLocalStore } from './local.ts';
import type { ObjectStore } from './object-store.ts';
import type { S3StoreOptions } from './s3-bucket.ts';

/** What every process that touches objects reads. */
export const storageEnv = {
  STORAGE: z.enum(['local', 's3']).default('local'),
  STORAGE_ROOT: z.string().default('.mediaworks/objects'),
  /** Signs the addresses of local objects; at least 32 bytes. */
  URL_SIGNING_SECRET: z.string().min(32),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Needed with `STORAGE=s3`. */
  S3_BUCKET: z.string().min(3).max(255).optional(),
  /** Before every key; ends with a slash. */
  S3_PREFIX: z
    .string()
    .regex(/^([^/].*\/)?$/, 'expected nothing, or a prefix such as media/')
    .default(''),
  S3_REGION: z.string().default('us-east-1'),
  S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** Under which clients reach S3_ENDPOINT, where that is another address; signed links hold it. */
  S3_PUBLIC_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  S3_FORCE_PATH_STYLE: flag.default(false),
  S3_CHECKSUM_MODE: z.enum(['WHEN_SUPPORTED', 'WHEN_REQUIRED']).default('WHEN_SUPPORTED'),
  /** Both, or neither: then the SDK looks in its usual places, such as the pod's role. */
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
};

export type StorageEnv = z.infer<z.ZodObject<typeof storageEnv>>;

/** Opens the store that the environment names; what it is made of has been loaded. */
type OpenStore = (env: StorageEnv) => ObjectStore;

/**
 * Loads what the store of the environment is made of, for whoever must not wait any more when it opens it.
 * @returns a function that throws an Error which names the variables that do not go together
 */
export async function loadStore({ STORAGE }: Pick<StorageEnv, 'STORAGE'>): Promise<OpenStore> {
  if (STORAGE === 'local') return openLocal;
  // Its client takes 20 MB of memory, which nobody spends who keeps objects on the disk.
  const { createS3Store } = await import('./s3.ts');
  return (env) => createS3Store(s3Options(env));
}

/**
 * The store that the environment names. Nothing is read or written yet: `check()` tells whether it can be.
 * @throws Error that names the variables which do not go together
 */
export async function openStore(env: StorageEnv): Promise<ObjectStore> {
  return (await loadStore(env))(env);
}

function openLocal(env: StorageEnv): ObjectStore {
  return createLocalStore({
    root: env.STORAGE_ROOT,
    signingKey: env.URL_SIGNING_SECRET,
    publicBaseUrl: env.PUBLIC_URL,
  });
}

function s3Options(env: StorageEnv): S3StoreOptions {
  if (env.S3_BUCKET === undefined) throw wrong('S3_BUCKET: is needed with STORAGE=s3');
  if ((env.AWS_ACCESS_KEY_ID === undefined) !== (env.AWS_SECRET_ACCESS_KEY === undefined)) {
    throw wrong('AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: both are needed, or neither');
  }
  return {
    bucket: env.S3_BUCKET,
    prefix: env.S3_PREFIX,
    region: env.S3_REGION,
    endpoint: env.S3_ENDPOINT,
    publicEndpoint: env.S3_PUBLIC_ENDPOINT,
    forcePathStyle: env.S3_FORCE_PATH_STYLE,
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    checksumMode: env.S3_CHECKSUM_MODE,
  };
}

function wrong(problem: string): Error {
  return new Error(`The configuration is wrong:\n  ${problem}`);
}

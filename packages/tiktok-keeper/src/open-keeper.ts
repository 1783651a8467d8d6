import type { Database } from '@mediaworks/database';
import { flag } from '@mediaworks/runtime';
import type { ObjectStore } from '@mediaworks/storage';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { VideoKeeper } from './keeper.ts';
import { createPostgresKeeper } from './postgres-keeper.ts';
import { createSupabaseKeeper } from './supabase-keeper.ts';

/** Where TikTok videos are kept: in Supabase where both of the first are set, otherwise in our own store and Postgres. */
export const keeperEnv = {
  SUPABASE_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().min(1).optional(),
  SUPABASE_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,62}$/)
    .default('tiktok-videos'),
  /** Whether a bucket that has to be made is public. */
  SUPABASE_BUCKET_PUBLIC: flag.default(false),
};

type KeeperEnv = z.infer<z.ZodObject<typeof keeperEnv>>;

/** What does not go together, in words. */
export function keeperProblems(env: Pick<KeeperEnv, 'SUPABASE_URL' | 'SUPABASE_SERVICE_ROLE_KEY'>): string[] {
  return (env.SUPABASE_URL === undefined) === (env.SUPABASE_SERVICE_ROLE_KEY === undefined)
    ? []
    : ['SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY: both are needed, or neither'];
}

/**
 * The keeper that the environment names. Nothing is read or written yet.
 * @throws Error that names the variables which do not go together
 */
export function openKeeper(env: KeeperEnv, own: { db: Kysely<Database>; store: ObjectStore }): VideoKeeper {
  const { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey } = env;
  const [problem] = keeperProblems(env);
  if (problem !== undefined) throw new Error(`The configuration is wrong:\n  ${problem}`);
  if (url === undefined || serviceRoleKey === undefined) return createPostgresKeeper(own.db, own.store);
  const { SUPABASE_BUCKET: bucket, SUPABASE_BUCKET_PUBLIC: publicBucket } = env;
  return createSupabaseKeeper({ url, serviceRoleKey, bucket, publicBucket });
}

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobStatus } from '@mediaworks/contracts';
import { newJob } from '@mediaworks/jobs';
import type { GoogleDouble } from '@mediaworks/local-stack/firebase';
import { createTestDatabase } from '@mediaworks/local-stack/testing';
import type { Logger } from '@mediaworks/runtime';
import { sql } from 'kysely';
import { type OwnTokenClaims, signOwnToken } from '../auth/own-tokens.ts';
import { readGatewayEnv } from '../env.ts';
import { startGateway } from '../start-gateway.ts';

export const OPERATOR_TOKEN = 'operator-token-of-the-tests';
export const KEYS = [
  { kid: 'new', secret: 'n'.repeat(32) },
  { kid: 'old', secret: 'o'.repeat(32) },
];
const TOKENS = { keys: KEYS, issuer: 'mediaworks', audience: 'mediaworks' };

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** Servers, a folder and the environment that gateways of one test share. */
export async function openHouse() {
  const servers = await createTestDatabase();
  const root = await mkdtemp(join(tmpdir(), 'gateway-test-'));
  const env = {
    NODE_ENV: 'test',
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    QUEUE_PREFIX: servers.queuePrefix,
    STORAGE_ROOT: join(root, 'objects'),
    URL_SIGNING_SECRET: 's'.repeat(32),
    TMP_ROOT: root,
    PORT: '0',
    STATIC_BEARER_TOKEN: OPERATOR_TOKEN,
    JWT_SECRETS: KEYS.map(({ kid, secret }) => `${kid}:${secret}`).join(','),
    SUPER_ADMINS: 'root',
    ACCESS_LOG: 'off',
  };
  return {
    env,
    start: (overrides: Record<string, string> = {}, log = silent, outside: { httpAgent?: Agent } = {}) =>
      startGateway(readGatewayEnv({ ...env, ...overrides }), log, outside),
    /** Writes a file that a setting names. */
    keep: async (name: string, content: unknown) => {
      const path = join(root, name);
      await writeFile(path, JSON.stringify(content));
      return path;
    },
    close: async () => {
      await servers.drop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export type House = Awaited<ReturnType<typeof openHouse>>;
export type StartedGateway = Awaited<ReturnType<House['start']>>;

/** A house with one gateway in it. */
export async function openGateway(overrides: Record<string, string> = {}) {
  const house = await openHouse();
  return inHouse(house, await house.start(overrides));
}

/** One that has a Firebase project and reaches Google through the double. */
export async function openFirebaseGateway(google: GoogleDouble, overrides: Record<string, string> = {}) {
  const house = await openHouse();
  const path = await house.keep('service-account.json', google.serviceAccount);
  const settings = { FIREBASE_SERVICE_ACCOUNT_PATH: path, FIRESTORE_MIRROR: 'off', FCM_PUSH: 'off' };
  const outside = { httpAgent: google.agent };
  return inHouse(house, await house.start({ ...settings, ...overrides }, silent, outside));
}

function inHouse(house: House, gateway: StartedGateway) {
  return {
    ...gateway,
    house,
    close: async () => {
      await gateway.stop(1_000);
      await house.close();
    },
  };
}

/** A token of ours for a user. */
export function tokenFor(uid: string, claims: Partial<OwnTokenClaims> = {}): Promise<string> {
  return signOwnToken(TOKENS, { user_id: uid, name: uid, token_type: 'custom_backend', ...claims }, 3_600);
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** `users.id` of a uid that has called before. */
export async function userIdOf(gateway: StartedGateway, uid: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`select id from users where uid = ${uid}`.execute(
    gateway.deps.db,
  );
  const [row] = rows;
  if (!row) throw new Error(`no user ${uid}`);
  return row.id;
}

/** A job that no worker takes, and that Redis need not know, as it would stand with this status. */
export async function addJob(
  gateway: StartedGateway,
  ownerId: number,
  status: JobStatus = 'queued',
): Promise<string> {
  const job = newJob('media.purge', { keys: [`secret-${randomUUID()}`], prefixes: [] }, { ownerId });
  await gateway.deps.dispatcher.submit(job);
  if (status !== 'queued') await moveJob(gateway, job.id, status);
  return job.id;
}

/** Moves a job as a worker would have, without one. */
export async function moveJob(
  gateway: StartedGateway,
  id: string,
  status: JobStatus,
  percent = 0,
): Promise<void> {
  const ended = status === 'completed' || status === 'failed' || status === 'cancelled';
  const error = status === 'failed' ? JSON.stringify({ code: 'x', message: 'broke', retryable: true }) : null;
  await sql`
    update jobs set status = ${status}, progress_percent = ${percent}, error = ${error}::jsonb, version = version + 1,
      finished_at = ${ended ? new Date() : null}, updated_at = now()
    where id = ${id}`.execute(gateway.deps.db);
}

import { createPrivateKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Agent } from 'node:https';
import type { App } from 'firebase-admin/app';
import type { Auth } from 'firebase-admin/auth';
import type { Firestore } from 'firebase-admin/firestore';
import type { Messaging } from 'firebase-admin/messaging';
import { z } from 'zod';
import type { FirebaseEnv } from './env.ts';

/** A Firebase project. Each part of the library is loaded when it is first asked for. */
export interface Firebase {
  auth(): Promise<Auth>;
  firestore(): Promise<Firestore>;
  messaging(): Promise<Messaging>;
  /** What Google's own services take as a bearer token. @throws what the credential fails with */
  accessToken(): Promise<string>;
  readonly projectId: string;
  close(): Promise<void>;
}

const keyFile = z.object({
  project_id: z.string().min(1),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
});

/**
 * The project that the environment names; undefined where it names none.
 * @param httpAgent how Google is reached over HTTPS, where that is not directly
 * @throws Error when the service account's key can not be read; never with what it holds
 */
export function connectFirebase(env: FirebaseEnv, httpAgent?: Agent): Firebase | undefined {
  const path = env.FIREBASE_SERVICE_ACCOUNT_PATH;
  const keyProject = path === undefined ? undefined : readProject(path);
  const projectId = env.FIREBASE_PROJECT_ID ?? env.GOOGLE_CLOUD_PROJECT ?? keyProject;
  if (projectId === undefined) return undefined;

  const connect = async (): Promise<App> => {
    const { applicationDefault, cert, initializeApp } = await import('firebase-admin/app');
    // By its path: of a key that it is handed itself the library forgets the agent.
    const credential = path === undefined ? applicationDefault(httpAgent) : cert(path, httpAgent);
    const options = { projectId, credential, ...(httpAgent ? { httpAgent } : {}) };
    return initializeApp(options, `mediaworks-${randomUUID()}`);
  };
  const app = once(connect);
  const firestore = once(async () => (await import('firebase-admin/firestore')).getFirestore(await app()));
  return {
    auth: once(async () => (await import('firebase-admin/auth')).getAuth(await app())),
    firestore,
    messaging: once(async () => (await import('firebase-admin/messaging')).getMessaging(await app())),
    accessToken: createTokens(app),
    projectId,
    close: async () => {
      if (!app.asked()) return;
      const { deleteApp } = await import('firebase-admin/app');
      await deleteApp(await app());
    },
  };
}

/** How long before it expires a token is not used any more, in ms. */
const MARGIN_MS = 120_000;

/** One token serves until shortly before it expires, however many ask. */
function createTokens(app: () => Promise<App>): () => Promise<string> {
  let known: { token: string; until: number } | undefined;
  const fetchOne = once(async () => {
    const { credential } = (await app()).options;
    if (!credential) throw new Error('the app has no credential');
    const { access_token: token, expires_in: seconds } = await credential.getAccessToken();
    known = { token, until: Date.now() + seconds * 1_000 - MARGIN_MS };
    return token;
  });
  return async () => {
    if (known && known.until > Date.now()) return known.token;
    if (known) fetchOne.forget();
    known = undefined;
    return fetchOne();
  };
}

/** Of a key that the library will be able to use. */
function readProject(path: string): string {
  try {
    const key = keyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    createPrivateKey(key.private_key);
    return key.project_id;
  } catch {
    throw new Error(
      'The configuration is wrong:\n  FIREBASE_SERVICE_ACCOUNT_PATH: it names no readable service account key; Firebase not initialized',
    );
  }
}

/** Makes it when it is first asked for; again, when that failed. */
function once<T>(make: () => Promise<T>): (() => Promise<T>) & { asked(): boolean; forget(): void } {
  let made: Promise<T> | undefined;
  const ask = () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  const forget = () => {
    made = undefined;
  };
  return Object.assign(ask, { asked: () => made !== undefined, forget });
}

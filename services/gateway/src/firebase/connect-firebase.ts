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
  /** What is configured to be done with it. */
  readonly mirror: boolean;
  readonly push: boolean;
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
    mirror: env.FIRESTORE_MIRROR ?? (path !== undefined || env.FIRESTORE_EMULATOR_HOST !== undefined),
    push: env.FCM_PUSH ?? path !== undefined,
    close: async () => {
      if (!app.asked()) return;
      const { deleteApp } = await import('firebase-admin/app');
      await deleteApp(await app());
    },
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
      'The configuration is wrong:\n  FIREBASE_SERVICE_ACCOUNT_PATH: it names no readable service account key',
    );
  }
}

/** Makes it when it is first asked for; again, when that failed. */
function once<T>(make: () => Promise<T>): (() => Promise<T>) & { asked(): boolean } {
  let made: Promise<T> | undefined;
  const ask = () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return Object.assign(ask, { asked: () => made !== undefined });
}

import { connectFirebase, type Firebase, asFirebaseError, notInitialized } from '@mediaworks/firebase';
import { TransientError } from '@mediaworks/contracts';
import type { Logger } from '@mediaworks/runtime';
import type { Firestore } from 'firebase-admin/firestore';
import type { HarvestEnv } from '../env.ts';
import { type Buckets, openBuckets } from '../storage/buckets.ts';

/** The Firebase project that is harvested. */
export interface Project {
  firestore(): Promise<Firestore>;
  readonly buckets: Buckets;
  /** The names of those that may be read, the project's own first. */
  readonly bucketNames: readonly [string, ...string[]];
  readonly collections: { readonly users: string; readonly images: string; readonly voices: string };
}

/** How long Firestore may take for one answer; its client would wait for ten minutes. */
const ANSWER_MS = 60_000;

/**
 * The project of the environment; it is connected when it is first asked for.
 * @returns a function that throws PermanentError `firebase_not_initialized` where the environment names none
 */
export function openProject(env: HarvestEnv): () => Project {
  const firebase = connectFirebase(env);
  if (!firebase) {
    return () => {
      throw notInitialized('set FIREBASE_PROJECT_ID or FIREBASE_SERVICE_ACCOUNT_PATH');
    };
  }
  const own = env.FIREBASE_STORAGE_BUCKET ?? `${firebase.projectId}.firebasestorage.app`;
  const project: Project = {
    firestore: () => firestoreOf(firebase),
    buckets: openBuckets({
      emulatorHost: env.FIREBASE_STORAGE_EMULATOR_HOST,
      accessToken: () => firebase.accessToken(),
      connections: env.HARVEST_MAX_DOWNLOADS,
      silenceMs: env.HARVEST_SILENCE,
    }),
    bucketNames: [own, ...env.HARVEST_EXTRA_BUCKETS],
    collections: {
      users: env.HARVEST_USERS_COLLECTION,
      images: env.HARVEST_IMAGES_COLLECTION,
      voices: env.HARVEST_VOICES_COLLECTION,
    },
  };
  return () => project;
}

async function firestoreOf(firebase: Firebase): Promise<Firestore> {
  return firebase.firestore().catch((error: unknown) => {
    throw asFirebaseError(error);
  });
}

/** Says at start whether the project can be read, and why not. Jobs that come meanwhile find out by themselves. */
export async function greet(project: () => Project, log: Logger): Promise<void> {
  try {
    const { firestore, collections, bucketNames } = project();
    const signal = AbortSignal.timeout(ANSWER_MS);
    await asking(
      async () => (await firestore()).collection(collections.users).limit(1).select().get(),
      signal,
    );
    log.info('Firebase is connected', { bucket: bucketNames[0] });
  } catch (error) {
    const known = asFirebaseError(error);
    log.error(known.message, { code: 'code' in known ? known.code : undefined });
  }
}

/**
 * Asks Firebase something.
 * @throws PermanentError, TransientError, the signal's reason
 */
export async function asking<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason as Error);
    const late = setTimeout(
      () => reject(new TransientError('firebase_unavailable', 'Firebase took too long to answer')),
      ANSWER_MS,
    );
    signal.addEventListener('abort', giveUp, { once: true });
    ask()
      .then(resolve, (error: unknown) => reject(asFirebaseError(error)))
      .finally(() => {
        clearTimeout(late);
        signal.removeEventListener('abort', giveUp);
      });
  });
}

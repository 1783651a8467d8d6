import { asFirebaseError } from '@mediaworks/firebase';
import { setTimeout as wait } from 'node:timers/promises';
import type { GatewayDeps } from '../deps.ts';
import { firebaseUses } from './uses.ts';

/** How long an answer holds, in ms. */
const KNOWN_FOR_MS = 30_000;
/** How long an answer may take, in ms. Google's library goes on trying for minutes. */
const PATIENCE_MS = 10_000;

/**
 * How the Firebase project stands, for those who look after the gateway: `not configured`, `configured`, `connected`, or
 * what is wrong with it. Firestore is asked in the background: whoever asks for the health is never kept waiting for it.
 */
export function createFirebaseState({ firebase, env, log }: Pick<GatewayDeps, 'firebase' | 'env' | 'log'>) {
  if (!firebase) return () => 'not configured';
  // Who only signs people in needs no credentials, and there is nothing to ask.
  const readable =
    env.FIREBASE_SERVICE_ACCOUNT_PATH !== undefined || env.FIRESTORE_EMULATOR_HOST !== undefined;
  if (!readable && !firebaseUses(env).mirror) return () => 'configured';
  let state = 'configured';
  let askedAt = -Infinity;

  const look = async () => {
    const firestore = await firebase.firestore();
    await firestore.collection(env.HARVEST_USERS_COLLECTION).limit(1).select().get();
  };
  const giveUp = async () => {
    await wait(PATIENCE_MS, undefined, { ref: false });
    throw new Error('Firestore does not answer');
  };
  const ask = () => {
    askedAt = performance.now();
    Promise.race([look(), giveUp()]).then(
      () => (state = 'connected'),
      (error: unknown) => {
        state = asFirebaseError(error).message;
        log.warn('Firebase can not be read', { reason: state });
      },
    );
  };
  return (): string => {
    if (performance.now() - askedAt > KNOWN_FOR_MS) ask();
    return state;
  };
}

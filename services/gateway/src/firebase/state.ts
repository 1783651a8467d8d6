import { asFirebaseError } from '@mediaworks/firebase';
import type { GatewayDeps } from '../deps.ts';
import { firebaseUses } from './uses.ts';

/** How long an answer holds, in ms. */
const KNOWN_FOR_MS = 30_000;

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
  return (): string => {
    if (performance.now() - askedAt > KNOWN_FOR_MS) {
      askedAt = performance.now();
      look().then(
        () => (state = 'connected'),
        (error: unknown) => {
          state = asFirebaseError(error).message;
          log.warn('Firebase can not be read', { reason: state });
        },
      );
    }
    return state;
  };
}

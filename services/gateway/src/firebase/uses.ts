import type { GatewayFirebaseEnv } from './env.ts';

/** What is configured to be done with a Firebase project, where there is one. */
export function firebaseUses(env: GatewayFirebaseEnv): { mirror: boolean; push: boolean } {
  const account = env.FIREBASE_SERVICE_ACCOUNT_PATH !== undefined;
  return {
    mirror: env.FIRESTORE_MIRROR ?? (account || env.FIRESTORE_EMULATOR_HOST !== undefined),
    push: env.FCM_PUSH ?? account,
  };
}

import { firebaseEnv } from '@mediaworks/firebase';
import { flag } from '@mediaworks/runtime';
import { z } from 'zod';

/** What the gateway reads of Firebase. */
export const gatewayFirebaseEnv = {
  ...firebaseEnv,
  /** Asks Firebase for each token whether it was revoked; otherwise it is good until it expires, an hour at most. */
  CHECK_REVOKED: flag.default(false),
  /** Mirrors lectures to Firestore; default: where there is a service account, or an emulator. */
  FIRESTORE_MIRROR: flag.optional(),
  /** Tells owners by Firebase Cloud Messaging; default: where there is a service account. */
  FCM_PUSH: flag.optional(),
  /** `host:port` of an emulator; firebase-admin reads it by itself. */
  FIREBASE_AUTH_EMULATOR_HOST: z.string().optional(),
};

export type GatewayFirebaseEnv = z.infer<z.ZodObject<typeof gatewayFirebaseEnv>>;

import { flag } from '@mediaworks/runtime';
import { z } from 'zod';

/** What the gateway reads of Firebase. Without a project it has nothing to do with it, and loads none of it. */
export const firebaseEnv = {
  FIREBASE_PROJECT_ID: z.string().optional(),
  /** The same, as Google's own tools name it. */
  GOOGLE_CLOUD_PROJECT: z.string().optional(),
  /** A service account's JSON key. Without one Google's own places are asked, such as the pod's identity. */
  FIREBASE_SERVICE_ACCOUNT_PATH: z.string().optional(),
  /** Asks Firebase for each token whether it was revoked; otherwise it is good until it expires, an hour at most. */
  CHECK_REVOKED: flag.default(false),
  /** Mirrors lectures to Firestore; default: where there is a service account, or an emulator. */
  FIRESTORE_MIRROR: flag.optional(),
  /** Tells owners by Firebase Cloud Messaging; default: where there is a service account. */
  FCM_PUSH: flag.optional(),
  /** `host:port` of emulators; firebase-admin reads these two by itself. */
  FIREBASE_AUTH_EMULATOR_HOST: z.string().optional(),
  FIRESTORE_EMULATOR_HOST: z.string().optional(),
};

export type FirebaseEnv = z.infer<z.ZodObject<typeof firebaseEnv>>;

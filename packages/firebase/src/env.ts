import { z } from 'zod';

/** What every process that touches Firebase reads. Without a project it has nothing to do with it, and loads none of it. */
export const firebaseEnv = {
  FIREBASE_PROJECT_ID: z.string().optional(),
  /** The same, as Google's own tools name it. */
  GOOGLE_CLOUD_PROJECT: z.string().optional(),
  /** A service account's JSON key. Without one Google's own places are asked, such as the pod's identity. */
  FIREBASE_SERVICE_ACCOUNT_PATH: z.string().optional(),
  /** `host:port` of an emulator; firebase-admin reads it by itself. */
  FIRESTORE_EMULATOR_HOST: z.string().optional(),
};

export type FirebaseEnv = z.infer<z.ZodObject<typeof firebaseEnv>>;

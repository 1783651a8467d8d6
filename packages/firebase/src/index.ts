export { connectFirebase, type Firebase } from './connect-firebase.ts';
export { type FirebaseEnv, firebaseEnv } from './env.ts';
export { asFirebaseError, notInitialized } from './firebase-error.ts';

export { type Emulator, startAuthEmulator, startFirestoreEmulator } from './emulators.ts';
export { type GoogleDouble, type PushMessage, startGoogleDouble } from './google-double.ts';

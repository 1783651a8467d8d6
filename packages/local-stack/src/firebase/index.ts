export { selfSigned } from './certificate.ts';
export {
  type Emulator,
  startAuthEmulator,
  startBestFirestore,
  startFirestoreEmulator,
  startStorageEmulator,
} from './emulators.ts';
export { type GoogleDouble, type PushMessage, startGoogleDouble } from './google-double.ts';
export {
  startStorageDouble,
  type StorageDouble,
  type StorageFault,
  type StorageObject,
} from './storage-double.ts';

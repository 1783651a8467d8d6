import { readFile } from 'node:fs/promises';
import { makeAudio, orientedPhoto, transparentPng } from '@mediaworks/media/fixtures';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getFirestore } from 'firebase-admin/firestore';
import { startBestFirestore, startStorageEmulator } from '../firebase/emulators.ts';

const PROJECT = 'demo-mediaworks';
const BUCKET = `${PROJECT}.firebasestorage.app`;

/** A small Firebase project on emulators, for a demo that has no other. */
export interface DemoProject {
  /** What the services find it by. */
  env: NodeJS.ProcessEnv;
  /** Writes its users, and puts their files into its storage. @param folder for samples on their way */
  fill(folder: string): Promise<void>;
  stop(): Promise<void>;
}

export async function openDemoProject(): Promise<DemoProject> {
  const [firestore, storage] = await Promise.all([startBestFirestore(), startStorageEmulator(PROJECT)]);
  return {
    env: {
      FIREBASE_PROJECT_ID: PROJECT,
      FIREBASE_STORAGE_BUCKET: BUCKET,
      FIRESTORE_EMULATOR_HOST: firestore.host,
      FIREBASE_STORAGE_EMULATOR_HOST: storage.host,
      FIRESTORE_MIRROR: 'off',
      // Nobody looks for Google's own machines here.
      METADATA_SERVER_DETECTION: 'none',
    },
    fill: async (folder) => {
      const photo = await orientedPhoto(1, 800, 600);
      const sound = await readFile(await makeAudio(folder, 'wav', { seconds: 2 }));
      await upload(storage.host, 'users/1/photo1.jpg', photo, 'image/jpeg');
      await upload(storage.host, 'users/1/photo2.png', await transparentPng(), 'image/png');
      await upload(storage.host, 'users/1/recording1.wav', sound, 'audio/wav');
      await upload(storage.host, 'users/2/../../photo1.jpg', await orientedPhoto(1, 640, 480), 'image/jpeg');
      await upload(storage.host, 'users/3/photo1.jpg', await orientedPhoto(1, 320, 240), 'image/jpeg');
      await writeDocuments(firestore.host);
    },
    stop: async () => {
      await Promise.all([firestore.stop(), storage.stop()]);
    },
  };
}

async function upload(host: string, name: string, bytes: Buffer, contentType: string): Promise<void> {
  const query = `uploadType=media&name=${encodeURIComponent(name)}`;
  const response = await fetch(`http://${host}/upload/storage/v1/b/${BUCKET}/o?${query}`, {
    method: 'POST',
    headers: { authorization: 'Bearer owner', 'content-type': contentType },
    body: new Uint8Array(bytes),
  });
  if (!response.ok) throw new Error(`The storage emulator answered ${response.status}`);
}

async function writeDocuments(host: string): Promise<void> {
  // Firebase's library finds an emulator by the environment alone.
  process.env['FIRESTORE_EMULATOR_HOST'] = host;
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  const app = initializeApp({ projectId: PROJECT }, PROJECT);
  const db = getFirestore(app);
  const documents: Record<string, Record<string, Record<string, unknown>>> = {
    images: {
      i1: { storagePath: 'users/1/photo1.jpg' },
      i2: { storagePath: 'users/1/photo2.png' },
      i3: { storagePath: 'users/2/../../photo1.jpg' },
      i4: { storagePath: 'users/3/photo1.jpg' },
      lost: { storagePath: 'users/3/lost.jpg' },
    },
    voices: { v1: { storagePath: 'users/1/recording1.wav' } },
    email_users: {
      u1: { email: 'user@example.com', imageIds: ['i1', 'i2'], voiceIds: ['v1'] },
      u2: { email: 'a.b@example.com', imageIds: ['i3', 'i3'] },
      u3: { email: 'a_b@example.com', imageIds: ['i4', 'lost'] },
    },
  };
  for (const [collection, some] of Object.entries(documents)) {
    for (const [id, fields] of Object.entries(some)) await db.collection(collection).doc(id).set(fields);
  }
  await deleteApp(app);
}
